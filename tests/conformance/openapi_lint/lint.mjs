// Lints OpenAPI 3.1 documents with Redocly's recommended rules, all of them as errors, and checks
// every example against its schema:
//     node lint.mjs FILE...
// Exit code 1 when a document has a problem.

import {createConfig, formatProblems, getTotals, lint} from "@redocly/openapi-core";

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    "no-invalid-media-type-examples": {severity: "error", allowAdditionalProperties: false},
    "no-invalid-parameter-examples": {severity: "error", allowAdditionalProperties: false},
    "no-invalid-schema-examples": {severity: "error", allowAdditionalProperties: false},
    "operation-operationId": "error",
    "operation-tag-defined": "error",
    "tag-description": "error",
    // This project has no license yet: there is nothing to name.
    "info-license": "off",
    // What takes no input and is open to all, /health for one, has no 4xx answer.
    "operation-4xx-response": "off",
  },
});

const files = process.argv.slice(2);
let faults = files.length === 0 ? 1 : 0;
for (const file of files) {
  const problems = await lint({ref: file, config});
  const totals = getTotals(problems);
  formatProblems(problems, {format: "codeframe", totals, version: "lint.mjs"});
  faults += totals.errors + totals.warnings;
  console.log(`${file}: ${totals.errors} errors, ${totals.warnings} warnings`);
}
process.exit(faults === 0 ? 0 : 1);
