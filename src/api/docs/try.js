// "Try it": a form for one route, the request it sends, and what came back.

import {copyButton, element} from "./dom.js";
import {example, masked, resolve, rules} from "./schema.js";
import {tokens} from "./tokens.js";

const mask = "••••••";
const timeoutMs = 30_000;

/** Paths are relative to this page, so that a proxy may serve it under a prefix. */
const base = new URL(".", location.href).href.replace(/\/$/, "");

function bodySchema(operation) {
  return operation.requestBody?.content?.["application/json"]?.schema;
}

/** The documented body, else one made of the schema. */
function bodyExample(operation) {
  return operation.requestBody.content["application/json"].example ?? example(bodySchema(operation));
}

/** The name of the field that brings a file; undefined: the route takes none. */
function uploadField(operation) {
  const schema = operation.requestBody?.content?.["multipart/form-data"]?.schema;
  return schema && Object.keys(schema.properties)[0];
}

/** The input of one parameter. A list is typed one value a line. */
function parameterInput(parameter, id) {
  const schema = resolve(parameter.schema);
  const common = {id, name: parameter.name, class: "value", required: parameter.required};
  const types = [schema.type].flat();
  const choices = types.includes("boolean") ? [true, false]
    : schema.enum?.filter(value => value !== null);
  if (choices) {
    return element("select", common,
      element("option", {value: ""}, parameter.required ? "choose" : "not sent"),
      choices.map(value => element("option", {value}, String(value))));
  }
  if (types.includes("array")) {
    return element("textarea", {...common, rows: 2, placeholder: "one value a line"});
  }
  const isNumber = ["integer", "number"].some(type => types.includes(type));
  return element("input", {
    ...common, type: "text", autocomplete: "off", spellcheck: "false",
    inputmode: isNumber ? "decimal" : null, placeholder: rules(schema).join(", "),
    value: parameter.required ? String(parameter.example ?? example(schema)) : null,
  });
}

function parameterRow(parameter, operation) {
  const id = `${operation.operationId}-${parameter.in}-${parameter.name}`;
  const input = parameterInput(parameter, id);
  return element("div", {class: "row", "data-in": parameter.in},
    element("label", {for: id}, element("code", {}, parameter.name),
      element("span", {class: "place"}, parameter.required ? `${parameter.in}, required` : parameter.in)),
    input);
}

/** What the form says now: {url, method, headers, body, upload}. Secrets are in `headers` as they are. */
function requestOf(route, form) {
  let path = route.path;
  const query = new URLSearchParams();
  for (const row of form.querySelectorAll(".row[data-in]")) {
    const input = row.querySelector(".value");
    const values = input.tagName === "TEXTAREA" ? input.value.split("\n") : [input.value];
    if (row.dataset.in === "path") {
      path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
      continue;
    }
    values.filter(value => value !== "").forEach(value => query.append(input.name, value));
  }
  const headers = tokens.headersFor(route.operation);
  const body = form.querySelector("textarea.body")?.value ?? "";
  if (body !== "") {
    headers["Content-Type"] = "application/json";
  }
  const file = form.querySelector("input.upload")?.files[0];
  const search = query.toString();
  return {
    method: route.method, headers, body, url: base + path + (search ? `?${search}` : ""),
    upload: file && {field: uploadField(route.operation), file},
  };
}

function maskedBody(body, schema) {
  try {
    const value = JSON.parse(body);
    const hidden = masked(value, schema, mask);
    return JSON.stringify(hidden) === JSON.stringify(value) ? body : JSON.stringify(hidden, null, 2);
  } catch {
    return body;
  }
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same request for a terminal. */
function curlOf(request, schema, showSecrets) {
  const parts = [`curl -X ${request.method} ${quoted(request.url)}`];
  for (const [name, value] of Object.entries(request.headers)) {
    const secret = tokens.isSecretHeader(name) && !showSecrets;
    parts.push(`-H ${quoted(`${name}: ${secret ? value.replace(/\S+$/, mask) : value}`)}`);
  }
  if (request.body !== "") {
    parts.push(`--data ${quoted(showSecrets ? request.body : maskedBody(request.body, schema))}`);
  }
  if (request.upload) {
    parts.push(`-F ${quoted(`${request.upload.field}=@${request.upload.file.name}`)}`);
  }
  return parts.join(" \\\n  ");
}

function statusClass(status) {
  return `status s${Math.floor(status / 100)}`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The faults of a 422 as a list: where, and what. */
function faultList(text) {
  let faults = null;
  try {
    faults = JSON.parse(text).detail;
  } catch {
    return null;
  }
  if (!Array.isArray(faults)) {
    return null;
  }
  return element("ul", {class: "faults"}, faults.map(fault =>
    element("li", {}, element("code", {}, (fault.loc ?? []).join(".")), " ", fault.msg ?? "")));
}

function answerView(response, text, elapsedMs) {
  const size = new TextEncoder().encode(text).length;
  const body = pretty(text);
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return element("div", {class: "answer"},
    element("p", {class: "outcome"},
      element("span", {class: statusClass(response.status)},
        `${response.status} ${response.statusText}`.trim()),
      element("span", {}, `${elapsedMs.toFixed(elapsedMs < 10 ? 1 : 0)} ms`),
      element("span", {}, `${size} bytes`)),
    faultList(text),
    element("details", {class: "headers"}, element("summary", {}, "Headers"),
      element("pre", {tabindex: "0"}, headers)),
    text === "" ? element("p", {class: "prose"}, "The body is empty.") : element("div", {class: "code"},
      element("pre", {class: "payload", tabindex: "0"}, body), copyButton(() => body)));
}

/** What goes over the wire: text, a form with a file, or nothing. */
function payloadOf(request) {
  if (request.upload) {
    const form = new FormData();
    form.append(request.upload.field, request.upload.file);
    return form;
  }
  return request.body === "" ? undefined : request.body;
}

async function send(request) {
  const start = performance.now();
  try {
    const response = await fetch(request.url, {
      method: request.method, headers: request.headers, cache: "no-store",
      body: payloadOf(request), signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return answerView(response, text, performance.now() - start);
  } catch (error) {
    const why = error.name === "TimeoutError" ? `no answer within ${timeoutMs / 1000} s` : error.message;
    return element("p", {class: "outcome"}, element("span", {class: "status s5"}, "Failed"), why);
  }
}

function bodyEditor(operation) {
  const schema = bodySchema(operation);
  if (!schema) {
    return null;
  }
  const id = `${operation.operationId}-body`;
  const text = JSON.stringify(bodyExample(operation), null, 2);
  const area = element("textarea", {
    id, class: "body", spellcheck: "false", rows: Math.min(18, text.split("\n").length + 1),
  });
  area.value = text;
  const reset = element("button", {type: "button", class: "quiet"}, "Reset example");
  reset.addEventListener("click", () => {
    area.value = text;
    area.dispatchEvent(new Event("input", {bubbles: true}));
  });
  return element("div", {class: "row wide"},
    element("label", {for: id}, "Body",
      element("span", {class: "place"}, operation.requestBody.required ? "required" : "optional")),
    area, reset);
}

function filePicker(operation) {
  const field = uploadField(operation);
  if (!field) {
    return null;
  }
  const id = `${operation.operationId}-file`;
  const type = operation.requestBody.content["multipart/form-data"].schema.properties[field]
    .contentMediaType;
  return element("div", {class: "row wide"},
    element("label", {for: id}, element("code", {}, field),
      element("span", {class: "place"}, "file, required")),
    element("input", {id, class: "upload", type: "file", accept: type}));
}

/** The curl command, which follows the form; secrets are shown only on demand. */
function curlView(route, form) {
  const command = element("pre", {class: "curl", tabindex: "0"});
  const show = element("input", {type: "checkbox"});
  const update = () => {
    command.textContent = curlOf(requestOf(route, form), bodySchema(route.operation), show.checked);
  };
  show.addEventListener("change", update);
  form.addEventListener("input", update);
  tokens.onChange(update);
  update();
  return element("details", {class: "command"}, element("summary", {}, "curl"),
    element("div", {class: "code"}, command, copyButton(() => command.textContent)),
    element("label", {class: "check"}, show, "Show secrets"));
}

/** The whole "Try it" part of a route. */
export function tryView(route) {
  const parameters = route.operation.parameters ?? [];
  const button = element("button", {type: "submit", class: "send"}, "Send");
  const result = element("div", {class: "result", role: "status"});
  const needs = element("p", {class: "needs"});
  const showNeeds = () => { needs.textContent = tokens.missingFor(route.operation) ?? ""; };
  tokens.onChange(showNeeds);
  showNeeds();
  const form = element("form", {class: "try", novalidate: true},
    parameters.map(parameter => parameterRow(parameter, route.operation)),
    bodyEditor(route.operation), filePicker(route.operation), needs, element("p", {class: "actions"}, button));
  form.addEventListener("submit", async event => {
    event.preventDefault();
    button.disabled = true;
    result.setAttribute("aria-busy", "true");
    result.replaceChildren(await send(requestOf(route, form)));
    result.removeAttribute("aria-busy");
    button.disabled = false;
  });
  form.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit();
    }
  });
  return element("section", {}, element("h4", {}, "Try it"), form, curlView(route, form), result);
}
