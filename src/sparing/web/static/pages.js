// The way from one page to another, the same on all of them.

import { byId, el } from "./dom.js";

/** @type {[string, string][]} */
const PAGES = [["/", "Label"], ["/grid", "Grid"], ["/map", "Map"], ["/settle", "Settle"]];

/** Name the pages in the header, and mark the one that is open. */
export function drawPages() {
  byId("pages").replaceChildren(...PAGES.map(([path, name]) => {
    const link = el("a", { href: path }, name);
    if (path === location.pathname) link.setAttribute("aria-current", "page");
    return link;
  }));
}
