"""Boxes in files of others: COCO, YOLO, Pascal VOC, CVAT, Label Studio; read, checked, written."""
