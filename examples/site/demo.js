// Of the demo only, on one's own machine: there the page's address says what a real page has written in it. Anywhere else
// whoever makes up a link would choose which script the page runs, and where it sends what its visitors type.
const isDemo = ["localhost", "127.0.0.1"].includes(location.hostname);

export const given = new URLSearchParams(isDemo ? location.search : "");

// What to do before it works: to give the demo a key, or to write both into the page's script.
export function setUp(form) {
  form.hidden = false;
  form.querySelector("#origin").textContent = location.origin;
  for (const part of form.querySelectorAll("label, button")) part.hidden = !isDemo;
  form.elements.api.value = given.get("api") ?? "";
}
