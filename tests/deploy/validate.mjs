// Reads YAML documents on standard input; writes [{object, problems}] as JSON. No problem means: Kubernetes'
// types know every field of it, each has its type, and none that is required is missing.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { parseAllDocuments } from "yaml";
import { schemaOf } from "./schemas.mjs";

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });

function describe({ instancePath, message, params }) {
  const field = params.additionalProperty ? `: ${params.additionalProperty}` : "";
  return `${instancePath || "/"}: ${message}${field}`;
}

function problemsOf(document) {
  if (document.errors.length > 0) return document.errors.map((error) => error.message);
  const object = document.toJS();
  const { apiVersion, kind } = object ?? {};
  if (typeof apiVersion !== "string" || typeof kind !== "string") return ["no apiVersion and kind"];
  const schema = schemaOf(apiVersion, kind);
  if (!schema) return [`no such kind: ${apiVersion} ${kind}`];
  const check = ajv.compile(schema);
  return check(object) ? [] : check.errors.map(describe);
}

// The YAML that kubectl reads: 0444 is octal there.
const options = { version: "1.1", strict: true, uniqueKeys: true };
const documents = parseAllDocuments(readFileSync(0, "utf8"), options);
const judged = documents.map((document) => ({
  problems: problemsOf(document),
  object: document.errors.length > 0 ? null : document.toJS(),
}));
process.stdout.write(JSON.stringify(judged));
