// amoCRM's components put their themes into <style> elements, which the policy of this page does not allow: inline styles
// are how foreign ones come in. A constructed style sheet says the same, and only a script of our own can make one.

const append = document.head.appendChild.bind(document.head);

document.head.appendChild = <T extends Node>(node: T): T => {
  if (!(node instanceof HTMLStyleElement)) return append(node);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(node.textContent ?? "");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return node;
};
