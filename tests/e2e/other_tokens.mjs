// What Better Auth signs besides the jwt plugin's tokens, made by itself and printed as JSON. Read from standard input by
// node in deploy/better-auth, so that the packages are found there.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { jwt } from "better-auth/plugins";

const tokens = {};

const auth = (strategy, plugins = []) =>
  betterAuth({
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
    secret: process.env.BETTER_AUTH_SECRET,
    baseURL: "http://auth.test",
    emailAndPassword: { enabled: true },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ token }) => {
        tokens["e-mail verification"] = token;
      },
    },
    session: { cookieCache: { enabled: true, strategy } },
    plugins,
  });

async function cookies(issuer) {
  const response = await issuer.api.signUpEmail({
    body: { name: "Alice", email: "alice@example.com", password: "correct horse battery" },
    asResponse: true,
  });
  return Object.fromEntries(
    response.headers.getSetCookie().map((line) => {
      const [name, value] = line.split(";")[0].split("=", 2);
      return [name, decodeURIComponent(value)];
    }),
  );
}

for (const strategy of ["jwt", "compact", "jwe"]) {
  const set = await cookies(auth(strategy));
  tokens[`session cache, ${strategy}`] = set["better-auth.session_data"];
  tokens["session"] = set["better-auth.session_token"];
}
// The jwt plugin as it comes: signed with a key of its own, not with the secret.
const plain = auth("jwt", [jwt()]);
const session = await plain.api.signUpEmail({
  body: { name: "Bob", email: "bob@example.com", password: "correct horse battery" },
  asResponse: true,
});
const cookie = session.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
tokens["EdDSA by default"] = (await plain.api.getToken({ headers: new Headers({ cookie }) })).token;

console.log(JSON.stringify(tokens));
