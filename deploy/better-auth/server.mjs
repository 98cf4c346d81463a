// Serves Better Auth over plain HTTP:  node server.mjs [--shared-secret]
// HOST and PORT say where; PORT=0 lets the kernel choose.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { toNodeHandler } from "better-auth/node";

const { values } = parseArgs({ options: { "shared-secret": { type: "boolean" } } });
const { auth } = await import(values["shared-secret"] ? "./auth-shared-secret.mjs" : "./auth.mjs");

// What Better Auth falls back to when no secret is set. Everybody knows it, so everybody could sign with it.
const PUBLISHED_SECRET = "better-auth-secret-12345678901234567890";

function refuse(problem) {
  console.error(`${problem}, e.g. BETTER_AUTH_SECRET=$(openssl rand -hex 32)`);
  process.exit(2);
}

// Better Auth's own message would print the malformed entry, which is a secret.
const { secret } = await auth.$context.catch(() => refuse("the secret is missing or malformed"));
if (secret === PUBLISHED_SECRET) refuse("BETTER_AUTH_SECRET is not set");
if (Buffer.byteLength(secret) < 32) refuse("BETTER_AUTH_SECRET is shorter than 32 bytes");

const handle = toNodeHandler(auth);

const server = createServer((request, response) => {
  // A target that is no URL makes the handler reject, and an unhandled rejection would end the process.
  handle(request, response).catch(() => {
    if (response.headersSent) return response.destroy();
    response.writeHead(400, { "Content-Type": "application/json", Connection: "close" });
    response.end('{"message":"Bad Request"}');
  });
});

server.listen(Number(process.env.PORT || 3000), process.env.HOST || "127.0.0.1", () => {
  const { address, family, port } = server.address();
  const host = family === "IPv6" ? `[${address}]` : address;
  console.log(JSON.stringify({ msg: "listening", url: `http://${host}:${port}` }));
});

// Requests in flight finish; idle connections close at once, and the process ends with the last one.
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => server.close());
