// What Better Auth's jwt plugin needs to sign for a verifier that shares its secret. The types stand in index.d.mts.
import { SignJWT } from "jose";

/** @type {typeof import("./index.mjs").sharedSecret} */
export function sharedSecret(secret, { expirationTime = "15m" } = {}) {
  // A number is not a duration to the plugin but the very second since 1970 at which every token ends.
  if (typeof expirationTime !== "string") throw new TypeError('expirationTime must be a duration such as "15m"');
  return {
    jwt: {
      // The id and nothing more. The plugin's default is the whole profile, and a token with an `email` under this secret
      // is also a valid e-mail verification link: Better Auth's /verify-email accepts it. The plugin adds `sub`, always
      // the true user id, and Postern demands that it equals `uid`.
      definePayload: ({ user }) => ({ uid: user.id }),
      expirationTime,
      // The plugin cannot do HS256 by itself; options that look as if it could are ignored without a word.
      sign: async (payload, header) =>
        new SignJWT(payload)
          // A caller's `typ` is kept, so that a token meant for something else does not pass as an access token.
          .setProtectedHeader({ typ: "JWT", ...header, alg: "HS256" })
          // The text's own bytes: Better Auth and Postern do not decode the secret, whatever it looks like. Asked for
          // each time: the first of BETTER_AUTH_SECRETS may be another one by now.
          .sign(new TextEncoder().encode(await secret())),
    },
    // Demanded beside a custom `sign`; neither value is used, and /api/auth/jwks answers 404.
    jwks: { remoteUrl: "https://unused.invalid", keyPairConfig: { alg: "EdDSA" } },
  };
}
