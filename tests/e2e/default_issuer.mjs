// Better Auth with the jwt plugin as it comes: it signs with a key of its own and publishes the public one. Read from
// standard input by node in the folder that has the packages. /rotate retires its keys; with ?alg=ES256 the plugin signs
// by another algorithm from then on.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { deserialize, serialize } from "node:v8";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";

// In memory, and in the file STATE from one process to the next.
const { STATE } = process.env;
const empty = { user: [], session: [], account: [], verification: [], jwks: [] };
const tables = STATE && existsSync(STATE) ? deserialize(readFileSync(STATE)) : empty;

function handler(alg) {
  const options = {};
  if (alg) options.jwks = { keyPairConfig: { alg } };
  if (process.env.ONLY_UID) options.jwt = { definePayload: ({ user }) => ({ uid: user.id }) };
  return toNodeHandler(betterAuth({
    database: memoryAdapter(tables),
    secret: process.env.BETTER_AUTH_SECRET,
    baseURL: process.env.BASE_URL,
    trustedOrigins: ["*"],
    rateLimit: { enabled: false },
    emailAndPassword: { enabled: true },
    plugins: [bearer(), Object.keys(options).length ? jwt(options) : jwt()],
  }));
}
let handle = handler(process.env.ALG);

const server = createServer((request, response) => {
  if (request.url.startsWith("/rotate")) {
    for (const key of tables.jwks) key.expiresAt = new Date(Date.now() - 1000);
    const alg = new URL(request.url, "http://issuer").searchParams.get("alg");
    if (alg) handle = handler(alg);
    return response.end("{}");
  }
  handle(request, response).catch(() => response.destroy());
});
const host = process.env.HOST || "127.0.0.1";
server.listen(Number(process.env.PORT || 0), host, () => {
  console.log(JSON.stringify({ url: `http://${host}:${server.address().port}` }));
});
process.once("SIGTERM", () => {
  if (STATE) writeFileSync(STATE, serialize(tables));
  server.close();
  server.closeAllConnections();
});
