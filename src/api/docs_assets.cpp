// The page at /docs.

#include "documentation.hpp"

namespace courseselect::api {

std::string_view docs_html() {
    return R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="stylesheet" href="/docs/docs.css">
<h1 id="title">API</h1>
<main id="routes"></main>
<script src="/docs/docs.js"></script>
</html>
)html";
}

std::string_view docs_script() {
    return R"js("use strict";
fetch("/openapi.json").then(answer => answer.json()).then(api => {
  document.getElementById("title").textContent = api.info.title;
});
)js";
}

std::string_view docs_style() {
    return R"css(body { font-family: system-ui, sans-serif; margin: 2rem; }
)css";
}

}  // namespace courseselect::api
