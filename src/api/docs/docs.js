// The page at /docs: reads openapi.json and shows the routes, grouped, filtered, one opened at will.

import {element, paragraphs} from "./dom.js";
import {rules, schemaView, typeText, useDocument} from "./schema.js";
import {tokens} from "./tokens.js";
import {tryView} from "./try.js";

const methods = ["get", "post", "put", "patch", "delete"];
const page = id => document.getElementById(id);

/** [{method, path, operation}], in the order of the document. */
function routesOf(api) {
  return Object.entries(api.paths ?? {}).flatMap(([path, item]) =>
    methods.filter(method => item[method]).map(method =>
      ({method: method.toUpperCase(), path, operation: item[method]})));
}

function parameterTable(parameters) {
  return element("div", {class: "scroll", tabindex: "0"},
    element("table", {},
      element("thead", {}, element("tr", {},
        ["Name", "In", "Type", "Description"].map(text => element("th", {scope: "col"}, text)))),
      element("tbody", {}, parameters.map(parameter => element("tr", {},
        element("th", {scope: "row"}, element("code", {class: "name"}, parameter.name),
          parameter.required ? element("span", {class: "required"}, "required") : null),
        element("td", {}, parameter.in),
        element("td", {}, element("span", {class: "type"}, typeText(parameter.schema)),
          rules(parameter.schema).map(rule => element("span", {class: "rule"}, rule))),
        element("td", {}, parameter.description ?? parameter.schema.description ?? ""))))));
}

function responseView([status, response]) {
  const schema = response.content?.["application/json"]?.schema;
  const line = [
    element("span", {class: `status s${status[0]}`}, status),
    element("span", {}, response.description ?? ""),
  ];
  return schema
    ? element("details", {class: "response"}, element("summary", {}, line), schemaView(schema))
    : element("div", {class: "response plain"}, line);
}

function part(title, ...content) {
  return element("section", {}, element("h4", {}, title), ...content);
}

/** Everything below the line of a route; made when it is first opened. */
function routeBody(route) {
  const {operation} = route;
  const content = operation.requestBody?.content;
  const body = (content?.["application/json"] ?? content?.["multipart/form-data"])?.schema;
  return element("div", {class: "inside"},
    paragraphs(operation.description),
    operation.parameters?.length ? part("Parameters", parameterTable(operation.parameters)) : null,
    body ? part(operation.requestBody.required ? "Body" : "Body, optional", schemaView(body)) : null,
    part("Responses", Object.entries(operation.responses ?? {}).map(responseView)),
    tryView(route));
}

function routeView(route) {
  const {operation, method, path} = route;
  const access = operation["x-access"] ?? "open";
  const view = element("details", {class: "route", id: operation.operationId},
    element("summary", {},
      element("span", {class: `method ${method.toLowerCase()}`}, method),
      element("code", {class: "path"},
        path.split(/(?<=\/)/).flatMap(step => [step, element("wbr")])),
      element("span", {class: "brief"}, operation.summary ?? ""),
      access === "open" ? null
        : element("span", {class: "access", title: "Who may call"}, access.replaceAll("_", " "))));
  view.addEventListener("toggle", () => {
    if (!view.open) {
      return;
    }
    if (view.children.length === 1) {
      view.append(routeBody(route));
    }
    history.replaceState(null, "", `#${view.id}`);
  });
  route.view = view;
  route.text = [method, path, operation.summary, operation.description, access,
    ...(operation.tags ?? [])].join(" ").toLowerCase();
  return view;
}

/** One section a tag; returns [{tag, section, link, routes}]. */
function groupsOf(api, routes) {
  const known = (api.tags ?? []).map(tag => tag.name);
  const used = routes.map(route => route.operation.tags?.[0] ?? "other");
  return [...new Set([...known.filter(tag => used.includes(tag)), ...used])].map(tag => {
    const members = routes.filter((_, index) => used[index] === tag);
    const id = `tag-${tag}`;
    const count = element("span", {class: "count"}, String(members.length));
    return {
      routes: members, count,
      section: element("section", {class: "group", "aria-labelledby": id},
        element("h2", {id}, tag),
        paragraphs(api.tags?.find(entry => entry.name === tag)?.description),
        members.map(routeView)),
      link: element("a", {href: `#${id}`}, tag, count),
    };
  });
}

function filterRoutes(groups, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const group of groups) {
    let inGroup = 0;
    for (const route of group.routes) {
      route.view.hidden = !words.every(word => route.text.includes(word));
      inGroup += route.view.hidden ? 0 : 1;
    }
    group.section.hidden = inGroup === 0;
    group.link.hidden = inGroup === 0;
    group.count.textContent = String(inGroup);
    shown += inGroup;
  }
  page("state").textContent = words.length === 0 ? "" : `${shown} of ` +
    `${groups.reduce((sum, group) => sum + group.routes.length, 0)} routes`;
}

function openAddressed() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.classList.contains("route")) {
    target.open = true;
    target.scrollIntoView();
  }
}

function connectFilter(groups) {
  const filter = page("filter");
  filter.addEventListener("input", () => filterRoutes(groups, filter.value));
  filter.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      filter.value = "";
      filterRoutes(groups, "");
    }
  });
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
    }
  });
}

function connectAuthorize(api) {
  const button = page("authorize");
  const panel = page("tokens");
  if (!Object.keys(api.components?.securitySchemes ?? {}).length) {
    button.hidden = true;
    return;
  }
  panel.append(...tokens.panel());
  const show = () => {
    const count = tokens.count();
    button.textContent = count === 0 ? "Authorize" : `Authorized (${count})`;
    button.classList.toggle("on", count > 0);
  };
  const open = isOpen => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? panel.querySelector("input") : button).focus();
  };
  button.addEventListener("click", () => open(panel.hidden));
  panel.addEventListener("submit", event => {
    event.preventDefault();
    open(false);
  });
  panel.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      open(false);
    }
  });
  tokens.onChange(show);
  show();
}

function introduction(api) {
  return element("div", {class: "introduction"}, paragraphs(api.info.description),
    element("p", {class: "hint"}, "OpenAPI document: ",
      element("a", {href: "openapi.json"}, "openapi.json")));
}

async function start() {
  const answer = await fetch("openapi.json", {headers: {Accept: "application/json"}});
  if (!answer.ok) {
    throw new Error(`openapi.json: ${answer.status} ${answer.statusText}`);
  }
  const api = await answer.json();
  useDocument(api);
  document.title = api.info.title;
  page("title").textContent = api.info.title;
  page("version").textContent = api.info.version;
  const groups = groupsOf(api, routesOf(api));
  page("tags").append(...groups.map(group => group.link));
  page("state").textContent = "";
  page("routes").prepend(introduction(api));
  page("routes").append(...groups.map(group => group.section));
  connectFilter(groups);
  connectAuthorize(api);
  addEventListener("hashchange", openAddressed);
  openAddressed();
  document.documentElement.dataset.ready = "true";
}

start().catch(error => {
  const state = page("state");
  state.className = "notice";
  state.textContent = `The description of the routes could not be read. ${error.message}`;
});
