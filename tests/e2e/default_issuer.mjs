// Better Auth with the jwt plugin as it comes: it signs with a key of its own and publishes the public one. Read from
// standard input by node in deploy/better-auth, so that the packages are found there. POST /rotate retires its key.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";

const tables = { user: [], session: [], account: [], verification: [], jwks: [] };
const options = {};
if (process.env.KEY) options.jwks = { keyPairConfig: JSON.parse(process.env.KEY) };
if (process.env.ONLY_UID) options.jwt = { definePayload: ({ user }) => ({ uid: user.id }) };

const auth = betterAuth({
  database: memoryAdapter(tables),
  secret: process.env.BETTER_AUTH_SECRET,
  baseURL: process.env.BASE_URL,
  trustedOrigins: ["*"],
  rateLimit: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [bearer(), process.env.KEY || process.env.ONLY_UID ? jwt(options) : jwt()],
});
const handle = toNodeHandler(auth);

const server = createServer((request, response) => {
  if (request.url === "/rotate") {
    for (const key of tables.jwks) key.expiresAt = new Date(Date.now() - 1000);
    return response.end("{}");
  }
  handle(request, response).catch(() => response.destroy());
});
server.listen(Number(process.env.PORT || 0), "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
