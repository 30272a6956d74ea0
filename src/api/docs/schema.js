// Shows JSON Schemas to people, and makes examples of them.

import {element} from "./dom.js";

let api = {};

/** The document that "#/components/..." references point into. */
export function useDocument(document) {
  api = document;
}

/** The schema itself, or what its $ref names. */
export function resolve(schema) {
  if (!schema?.$ref) {
    return schema ?? {};
  }
  let found = api;
  for (const step of schema.$ref.slice(2).split("/")) {
    found = found?.[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found ?? {};
}

function nameOf(schema) {
  return schema.$ref ? schema.$ref.split("/").pop() : null;
}

/** The alternatives of `anyOf`, without null; a schema without it is its only alternative. */
function alternatives(schema) {
  return schema.anyOf ? schema.anyOf.filter(one => one.type !== "null") : [schema];
}

function typesOf(schema) {
  return [schema.type ?? []].flat();
}

function isNullable(schema) {
  return typesOf(schema).includes("null") ||
    (schema.anyOf ?? []).some(one => one.type === "null");
}

/** "list of Course", "integer or null". */
export function typeText(schema) {
  const name = nameOf(schema);
  if (name) {
    return name;
  }
  const texts = alternatives(schema).flatMap(one => {
    if (one.$ref) {
      return [nameOf(one)];
    }
    return typesOf(one).filter(type => type !== "null").map(type => {
      if (type === "array") {
        return `list of ${typeText(one.items ?? {})}`;
      }
      if (type === "object" && one.additionalProperties) {
        return `map of ${typeText(one.additionalProperties)}`;
      }
      return type;
    });
  });
  if (isNullable(schema)) {
    texts.push("null");
  }
  return texts.join(" or ") || "any value";
}

/** "1 to 100", "at least 6", "at most 3", or nothing. */
function range(low, high) {
  if (low !== undefined && high !== undefined) {
    return low === high ? `exactly ${low}` : `${low} to ${high}`;
  }
  if (low !== undefined) {
    return `at least ${low}`;
  }
  return high !== undefined ? `at most ${high}` : null;
}

/** Everything the schema demands beyond its type: ["1 to 100 characters", "default 20"]. */
export function rules(schema) {
  const found = [];
  const add = (low, high, unit) => {
    const text = range(low, high);
    if (text) {
      found.push(unit ? `${text} ${unit}` : text);
    }
  };
  add(schema.minimum, schema.maximum);
  add(schema.minLength, schema.maxLength, "characters");
  add(schema.minItems, schema.maxItems, "items");
  add(schema.minProperties, schema.maxProperties, "entries");
  if (schema.enum) {
    found.push("one of " + schema.enum.filter(value => value !== null)
      .map(value => JSON.stringify(value)).join(", "));
  }
  if (schema.propertyNames?.enum) {
    found.push("keys " + schema.propertyNames.enum.join(", "));
  }
  if (schema.pattern) {
    found.push(`matches ${schema.pattern}`);
  }
  if (schema.format) {
    found.push(schema.format);
  }
  if (schema.default !== undefined && schema.default !== null) {
    found.push(`default ${JSON.stringify(schema.default)}`);
  }
  for (const part of [schema.items, schema.additionalProperties]) {
    if (part && !part.$ref) {
      found.push(...rules(part).map(rule => rule.startsWith("each ") ? rule : `each ${rule}`));
    }
  }
  return found;
}

/** The described object inside a type: itself, an item of a list, a value of a map. */
function objectWithin(schema) {
  for (const one of alternatives(schema)) {
    const resolved = resolve(one);
    if (resolved.properties) {
      return {name: nameOf(one) ?? resolved.title, schema: resolved};
    }
    const inner = resolved.items ?? resolved.additionalProperties;
    if (inner && typeof inner === "object") {
      return objectWithin(inner);
    }
  }
  return null;
}

function fieldView(name, schema, isRequired, above) {
  const inner = objectWithin(schema);
  const isOpenable = inner && !above.includes(inner.name);
  return element("li", {},
    element("div", {class: "field"},
      element("code", {class: "name"}, name),
      element("span", {class: "type"}, typeText(schema)),
      isRequired ? element("span", {class: "required"}, "required") : null,
      rules(schema).map(rule => element("span", {class: "rule"}, rule))),
    schema.description ? element("p", {class: "prose"}, schema.description) : null,
    isOpenable
      ? element("details", {class: "nested"},
          element("summary", {}, inner.name ?? "Fields"), fieldList(inner, above))
      : null);
}

function fieldList(object, above) {
  const required = object.schema.required ?? [];
  return element("ul", {class: "fields"},
    Object.entries(object.schema.properties).map(([name, schema]) =>
      fieldView(name, schema, required.includes(name), [...above, object.name])));
}

/** A type with all of its fields, nested objects to be opened. */
export function schemaView(schema) {
  const inner = objectWithin(schema);
  const view = element("div", {class: "schema"},
    element("div", {class: "field"}, element("span", {class: "type"}, typeText(schema)),
      rules(schema).map(rule => element("span", {class: "rule"}, rule))));
  if (inner) {
    if (inner.schema.description) {
      view.append(element("p", {class: "prose"}, inner.schema.description));
    }
    view.append(fieldList(inner, []));
  }
  return view;
}

const texts = {"date-time": "2026-09-01T08:00:00Z", password: "a long secret"};

function exampleText(schema) {
  if (/^\^\[0-9\]\{\d+\}\$$/.test(schema.pattern ?? "")) {
    return "1234567890".repeat(2).slice(0, Number(schema.pattern.match(/\{(\d+)\}/)[1]));
  }
  const text = texts[schema.format] ?? "text";
  return text.padEnd(schema.minLength ?? 0, "x").slice(0, schema.maxLength ?? undefined);
}

/** A value that the schema accepts: its own example or default, else the simplest one. */
export function example(schema, above = []) {
  const one = alternatives(schema ?? {})[0] ?? {};
  const resolved = resolve(one);
  const name = nameOf(one);
  if (schema?.examples?.length) {
    return schema.examples[0];
  }
  if (schema?.default !== undefined) {
    return schema.default;
  }
  if (resolved.enum) {
    return resolved.enum[0];
  }
  switch (typesOf(resolved)[0]) {
    case "string": return exampleText(resolved);
    case "integer":
    case "number": return resolved.minimum ?? Math.min(0, resolved.maximum ?? 0);
    case "boolean": return true;
    case "array": return above.includes(name) ? [] : [example(resolved.items, above)];
    case "object": return above.includes(name) ? {} : exampleObject(resolved, [...above, name]);
    default: return null;
  }
}

/** Required fields and those with a value to show; all of them when none is required. */
function exampleObject(schema, above) {
  const required = schema.required ?? [];
  const fields = Object.entries(schema.properties ?? {}).filter(([name, field]) =>
    required.length === 0 || required.includes(name) ||
    field.examples?.length || field.default !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, example(field, above)]));
}

/** The value with all that the schema calls a password replaced. */
export function masked(value, schema, mask) {
  const resolved = resolve(alternatives(schema ?? {})[0]);
  if (resolved.format === "password" && value !== null) {
    return mask;
  }
  if (Array.isArray(value)) {
    return value.map(item => masked(item, resolved.items, mask));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, field]) =>
      [name, masked(field, resolved.properties?.[name], mask)]));
  }
  return value;
}
