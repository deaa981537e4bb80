"""What a certificate will cost, before anything is asked."""
