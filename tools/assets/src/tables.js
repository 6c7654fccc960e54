// Lists: select all on this page, how many are selected, scrolling by keyboard, print buttons.
import { said } from "./words.js";

export function selectAll() {
  document.querySelectorAll("[data-select-all]").forEach((all) => {
    const table = all.closest("table");
    const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
    const count = document.querySelector(`[data-selected-count="${all.dataset.selectAll}"]`);
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = boxes.length > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
      if (count) count.textContent = said("%(value)s selected", ticked);
    };
    all.addEventListener("change", () => {
      boxes.forEach((box) => { box.checked = all.checked; });
      show();
    });
    table.addEventListener("change", (event) => event.target !== all && show());
    addEventListener("pageshow", show);
    show();
  });
}

export function labelScrollers() {
  const look = () => document.querySelectorAll(".app-table-scroll").forEach((box) => {
    const scrolls = box.scrollWidth > box.clientWidth;
    const caption = box.querySelector("caption");
    box.toggleAttribute("tabindex", scrolls);
    if (scrolls) {
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", caption ? caption.textContent.trim() : said("Table"));
    } else ["role", "aria-label"].forEach((name) => box.removeAttribute(name));
  });
  look();
  addEventListener("resize", look);
}

export function startPrintButtons() {
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
}
