// Builds elements. Text is only ever set as text, so nothing from a server becomes markup.

/**
 * element("a", {href: "#x", class: "link", onclick: f}, "text", otherElement)
 * Attributes that are null, undefined or false are left out; functions are listeners.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(key.slice(2), value);
    } else if (value === true) {
      made.setAttribute(key, "");
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

/** A button that copies what `text()` returns, and says so for a moment. */
export function copyButton(text) {
  const button = element("button", {type: "button", class: "quiet"}, "Copy");
  button.addEventListener("click", async () => {
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      done = "Not allowed here";  // browsers copy on https and localhost only
    }
    button.textContent = done;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return button;
}

/** Paragraphs of a plain text, divided by blank lines. */
export function paragraphs(text) {
  return (text ?? "").split(/\n{2,}/).filter(Boolean)
    .map(part => element("p", {class: "prose"}, part));
}
