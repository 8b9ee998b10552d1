// Keys for the queue of alerts and for the page of one; the line #keys says which.
"use strict";
{
  const rows = () => [...document.querySelectorAll("#result_list tbody tr")];
  const linkOf = (row) => row.querySelector("th a");
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const next = Math.min(Math.max(current() + step, 0), all.length - 1);
    linkOf(all[next]).focus();
  };

  const tick = (row) => {
    const box = row && row.querySelector("input.action-select");
    if (box) box.click();
    return box;
  };

  const press = (name) => {
    const button = document.querySelector(`.deal button[value="${name}"]`);
    if (button) button.click();
  };

  // In the queue: the ticked alerts, or where none is ticked the one that has the focus.
  const act = (name) => {
    if (!document.getElementById("result_list")) return;
    const ticked = document.querySelector("input.action-select:checked");
    if (ticked || tick(rows()[current()])) press(name);
  };

  const focus = (selector) => {
    const element = document.querySelector(selector);
    if (element) element.focus();
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => tick(rows()[current()]),
    a: () => (document.querySelector(".alert .deal") ? press("ACK") : act("acknowledge")),
    r: () => (document.querySelector(".alert .deal") ? press("RESOLVED") : act("resolve")),
    n: () => focus(".deal [name=note]"),
    u: () => document.getElementById("back") && document.getElementById("back").click(),
    "/": () => focus("#searchbar"),
    "?": () => document.getElementById("keys").classList.toggle("loud"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") document.activeElement.blur();
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const todo = keys[event.key];
    if (!todo) return;
    event.preventDefault();
    todo();
  });
}
