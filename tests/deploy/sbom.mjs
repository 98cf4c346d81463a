// Reads a bill of materials on standard input; writes what CycloneDX's own schema finds wrong with it, a problem a line.
import { readFileSync } from "node:fs";
import Ajv from "ajv";

const schemas = new URL("./node_modules/@cyclonedx/cyclonedx-library/res/schema/", import.meta.url);
const schema = (name) => JSON.parse(readFileSync(new URL(`${name}.SNAPSHOT.schema.json`, schemas), "utf8"));

const document = JSON.parse(readFileSync(0, "utf8"));
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
for (const referred of ["spdx", "jsf-0.82", "cryptography-defs"]) {
  ajv.addSchema(schema(referred), `http://cyclonedx.org/schema/${referred}.SNAPSHOT.schema.json`);
}
const check = ajv.compile(schema(`bom-${document.specVersion}`));
if (!check(document)) for (const { instancePath, message } of check.errors) console.log(`${instancePath || "/"}: ${message}`);
