// What a Better Auth with the OAuth provider signs with the jwt plugin's keys, made by itself, and the set of those keys;
// printed as JSON. SHARED_SECRET=1: with the recipe for the shared secret. Read from standard input by node in
// tests/e2e/better_auth, so that the packages are found there.
import { createHash, randomUUID } from "node:crypto";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { jwt } from "better-auth/plugins";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

const BASE = "https://auth.test/api/auth";
const API = "https://api.test";
const shared = process.env.SHARED_SECRET && (await import(process.env.SHARED_SECRET)).sharedSecret(async () => process.env.BETTER_AUTH_SECRET);
const tokens = {};
const provider = oauthProvider({
  scopes: ["openid", "profile", "offline_access", "machine"],
  loginPage: "/login",
  consentPage: "/consent",
  resources: [API, "https://stranger.test"],
  enforcePerClientResources: false,
  silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
});
const models = ["user", "session", "account", "verification", "jwks", ...Object.keys(provider.schema)];
const tables = Object.fromEntries(models.map((model) => [model, []]));

const auth = betterAuth({
  database: memoryAdapter(tables),
  secret: process.env.BETTER_AUTH_SECRET,
  baseURL: "https://auth.test",
  trustedOrigins: ["*"],
  rateLimit: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true },
  emailVerification: { sendOnSignUp: true, sendVerificationEmail: async ({ token }) => void (tokens["e-mail verification"] = token) },
  session: { cookieCache: { enabled: true, strategy: "jwt" } },
  plugins: [
    jwt({ ...shared, sessionCookieCache: !shared, disableSettingJwtHeader: true }),
    provider,
  ],
});

const handle = (path, options = {}) => auth.handler(new Request(BASE + path, options));

async function post(path, body, headers = {}) {
  const form = body instanceof URLSearchParams;
  const type = form ? "application/x-www-form-urlencoded" : "application/json";
  const answer = await handle(path, {
    method: "POST",
    headers: { "content-type": type, origin: "https://auth.test", ...headers },
    body: form ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return [JSON.parse(text || "{}"), answer];
}

const person = { name: "Alice", email: "alice@example.com", password: "correct horse battery" };
const [{ user }, signedUp] = await post("/sign-up/email", person);
const cookies = signedUp.headers.getSetCookie().map((line) => line.split(";")[0]);
const cookie = cookies.join("; ");
tokens["session cache"] = decodeURIComponent(cookies.find((one) => one.includes("session_data=")).split("=")[1]);

// The provider tells clients that a session has ended, which is all that it asks of the network here.
const loggedOut = new Promise((resolve) => {
  globalThis.fetch = async (_, { body }) => {
    resolve(new URLSearchParams(body).get("logout_token"));
    return new Response();
  };
});

const registered = await auth.api.adminCreateOAuthClient({
  headers: new Headers({ cookie }),
  body: {
    redirect_uris: ["https://client.test/callback"],
    skip_consent: true,
    token_endpoint_auth_method: "client_secret_post",
    grant_types: ["authorization_code", "client_credentials", "refresh_token"],
    backchannel_logout_uri: "https://client.test/logout",
  },
});
tables.oauthClient[0].clientCredentialsScopes = ["machine"]; // an administrator's to give
const credentials = { client_id: registered.client_id, client_secret: registered.client_secret };

async function authorize(scope, resource, headers) {
  const verifier = randomUUID() + randomUUID();
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const common = { redirect_uri: "https://client.test/callback", ...(resource && { resource }) };
  const query = new URLSearchParams({
    client_id: registered.client_id, response_type: "code", scope, state: "state", nonce: "nonce", ...common,
    code_challenge: challenge, code_challenge_method: "S256",
  });
  const answer = await handle(`/oauth2/authorize?${query}`, { headers: { cookie }, redirect: "manual" });
  const to = answer.headers.get("location") ?? JSON.parse(await answer.text()).url;
  const code = new URL(to, BASE).searchParams.get("code");
  if (!code) throw new Error(`no code: ${to}`);
  const form = new URLSearchParams({ grant_type: "authorization_code", code, code_verifier: verifier, ...common, ...credentials });
  return (await post("/oauth2/token", form, headers))[0];
}

async function proof() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  return new SignJWT({ htm: "POST", htu: `${BASE}/oauth2/token`, jti: randomUUID() })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey);
}

// With the recipe the `openid` flow answers 500, as its README says.
const scope = shared ? "profile" : "openid profile offline_access"; // a refresh token, so that there is a logout to tell of
tokens["own client's access token"] = (await authorize(scope, API)).access_token;
tokens["a stranger's access token"] = (await authorize(scope, "https://stranger.test")).access_token;
tokens["bound by DPoP"] = (await authorize(scope, API, { dpop: await proof() })).access_token;
if (!shared) tokens["ID token"] = (await authorize(scope, API)).id_token;
const machine = new URLSearchParams({ grant_type: "client_credentials", resource: API, ...credentials });
tokens["client_credentials"] = (await post("/oauth2/token", machine))[0].access_token;
let openid = "works";
if (shared) openid = await authorize("openid", API).then(() => "works", (problem) => problem.message);

await post("/sign-out", {}, { cookie });
if (!shared) tokens["logout"] = await loggedOut;
const keys = shared ? { keys: [] } : await (await handle("/jwks")).json();
console.log(JSON.stringify({ user: user.id, tokens, keys, openid }));
