// Signs a user up, or in when there is one of that address, and prints a token:  node token.mjs alice@example.com [PASSWORD]
// For trying things out beside a running server.mjs.
const [email, password = "correct horse battery"] = process.argv.slice(2);
if (!email) {
  console.error("usage: node token.mjs EMAIL [PASSWORD]");
  process.exit(2);
}
const server = `http://127.0.0.1:${process.env.PORT || 3000}`;
const base = `${server}/api/auth`;
// Better Auth takes a request that looks like a browser's from an origin that it trusts only: its own is one.
const headers = { "Content-Type": "application/json", Origin: process.env.BETTER_AUTH_URL || server };

async function post(path, body) {
  return fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
}

let answer = await post("/sign-up/email", { name: email.split("@")[0], email, password });
if (!answer.ok) answer = await post("/sign-in/email", { email, password });
if (!answer.ok) {
  console.error(`Better Auth answered ${answer.status}: ${await answer.text()}`);
  process.exit(1);
}
const session = answer.headers.get("set-auth-token");
const { token } = await (await fetch(`${base}/token`, { headers: { Authorization: `Bearer ${session}` } })).json();
const { uid } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
console.error(`user id: ${uid}`);
console.log(token);
