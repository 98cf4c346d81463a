// Kubernetes' own types as strict JSON schemas. Its client is generated from the API's OpenAPI document: each
// model lists its fields with type and format, its declaration says which of them are required.
import { existsSync, readFileSync } from "node:fs";
import * as models from "./node_modules/@kubernetes/client-node/dist/gen/models/all.js";

const generated = new URL("./node_modules/@kubernetes/client-node/dist/gen/", import.meta.url);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

const PLAIN = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  number: { type: "number" },
  Date: { type: "string" },
  IntOrString: { type: ["integer", "string"] },
  any: {},
};

function ofType(type, format) {
  const list = /^Array<(.*)>$/.exec(type);
  if (list) return { type: "array", items: ofType(list[1], format) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map) return { type: "object", additionalProperties: ofType(map[1], format) };
  if (format === "int32" || format === "int64") return { type: "integer" };
  if (type in PLAIN) return PLAIN[type];
  if (!(type in models)) throw new Error(`a type that is not known: ${type}`);
  return { $ref: `#/$defs/${type}` };
}

function ofModel(name) {
  const fields = models[name].getAttributeTypeMap();
  const declaration = readFileSync(new URL(`models/${name}.d.ts`, generated), "utf8");
  const required = new Set([...declaration.matchAll(/^ {4}'([^']+)': /gm)].map((found) => found[1]));
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(fields.map((field) => [field.baseName, ofType(field.type, field.format)])),
    required: fields.filter((field) => required.has(field.name)).map((field) => field.baseName),
  };
}

// Only a kind that the API of that very group can create: apps/v1 has no Service.
function modelOf(apiVersion, kind) {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const file = new URL(`apis/${capital(group.split(".")[0])}${capital(version)}Api.js`, generated);
  if (!existsSync(file)) return undefined;
  const api = readFileSync(file, "utf8");
  const path = group === "core" ? `/api/${version}/` : `/apis/${group}/${version}/`;
  const creates = new RegExp(`async create(Namespaced)?${kind}\\(`);
  return api.includes(path) && creates.test(api) ? capital(version) + kind : undefined;
}

export function schemaOf(apiVersion, kind) {
  if (!/^[A-Za-z]+$/.test(kind) || !/^[a-z0-9./]+$/.test(apiVersion)) return undefined;
  const name = modelOf(apiVersion, kind);
  if (!name || !(name in models)) return undefined;
  const schema = { $ref: `#/$defs/${name}`, $defs: {} };
  const wanted = [name];
  while (wanted.length > 0) {
    const next = wanted.pop();
    if (next in schema.$defs) continue;
    schema.$defs[next] = ofModel(next);
    const references = JSON.stringify(schema.$defs[next]).matchAll(/#\/\$defs\/(\w+)/g);
    for (const [, used] of references) wanted.push(used);
  }
  // What a manifest must say, though the type of a stored object leaves it optional.
  schema.type = "object";
  schema.required = ["apiVersion", "kind", "metadata"];
  return schema;
}
