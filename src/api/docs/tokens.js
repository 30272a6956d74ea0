// The tokens that "Try it" sends. They stay in this tab: sessionStorage ends with it.

import {element} from "./dom.js";

const kinds = [
  {
    scheme: "Bearer", key: "courseselect.bearer", label: "Access token",
    hint: "Sent as Authorization: Bearer …", header: token => ["Authorization", `Bearer ${token}`],
  },
  {
    scheme: "InternalToken", key: "courseselect.internal", label: "Internal token",
    hint: "Sent as Internal-Token, what nodes call each other with.",
    header: token => ["Internal-Token", token],
  },
];

const listeners = [];

function stored(kind) {
  try {
    return sessionStorage.getItem(kind.key) ?? "";
  } catch {
    return kind.value ?? "";  // storage is switched off: keep it for this page only
  }
}

function store(kind, text) {
  kind.value = text;
  try {
    if (text === "") {
      sessionStorage.removeItem(kind.key);
    } else {
      sessionStorage.setItem(kind.key, text);
    }
  } catch {
    // kept in `kind` alone
  }
  listeners.forEach(listener => listener());
}

function kindsFor(operation) {
  const schemes = (operation.security ?? []).flatMap(requirement => Object.keys(requirement));
  return kinds.filter(kind => schemes.includes(kind.scheme));
}

function tokenField(kind) {
  const id = `token-${kind.scheme}`;
  const input = element("input", {
    id, type: "password", autocomplete: "off", spellcheck: "false",
    "aria-describedby": `${id}-hint`,
  });
  input.value = stored(kind);
  input.addEventListener("input", () => store(kind, input.value.trim().replace(/^Bearer\s+/i, "")));
  const show = element("button", {type: "button", class: "quiet", "aria-pressed": "false"}, "Show");
  show.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    show.textContent = shown ? "Show" : "Hide";
    show.setAttribute("aria-pressed", String(!shown));
  });
  const forget = element("button", {type: "button", class: "quiet"}, "Forget");
  forget.addEventListener("click", () => {
    input.value = "";
    store(kind, "");
    input.focus();
  });
  return element("div", {class: "row"},
    element("label", {for: id}, kind.label),
    element("div", {class: "secret"}, input, show, forget),
    element("p", {id: `${id}-hint`, class: "hint"}, kind.hint));
}

export const tokens = {
  /** Calls `listener` whenever a token changes. */
  onChange(listener) {
    listeners.push(listener);
  },
  /** How many are set. */
  count() {
    return kinds.filter(kind => stored(kind) !== "").length;
  },
  /** The headers that this operation's security asks for, as far as there are tokens. */
  headersFor(operation) {
    return Object.fromEntries(kindsFor(operation).filter(kind => stored(kind) !== "")
      .map(kind => kind.header(stored(kind))));
  },
  /** A sentence when the operation wants a token and there is none. */
  missingFor(operation) {
    const wanted = kindsFor(operation);
    if (wanted.length === 0 || wanted.some(kind => stored(kind) !== "")) {
      return null;
    }
    return `This route needs: ${wanted.map(kind => kind.label.toLowerCase()).join(" or ")}. ` +
      "Set it under Authorize.";
  },
  isSecretHeader(name) {
    return ["Authorization", "Internal-Token"].includes(name);
  },
  /** The fields of the Authorize panel. */
  panel() {
    return [...kinds.map(tokenField), element("div", {class: "closing"},
      element("button", {type: "submit", class: "send"}, "Done"),
      element("p", {class: "hint"}, "Tokens stay in this tab and are forgotten when it is closed."))];
  },
};
