// Elements without a library. Text is always text: nothing that came from outside becomes HTML.

export const $ = (id) => document.getElementById(id);

export function element(name, { text, dataset, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (dataset) Object.assign(made.dataset, dataset);
  if (text !== undefined) made.textContent = text;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const option = (text, value, isSelected = false) => new Option(text, value ?? "", isSelected, isSelected);
