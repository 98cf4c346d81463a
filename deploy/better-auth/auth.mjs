// The issuer's one decision: what stands in a token. The jwt() call below is what an existing Better Auth needs.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { bearer, jwt } from "better-auth/plugins";
import { SignJWT } from "jose";

export const auth = betterAuth({
  // Users live in memory and are gone after a restart: an example needs no database. Yours stays what it is.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },

  plugins: [
    // Sign-in answers with a `set-auth-token` header, which fetches tokens as a Bearer credential: no cookie anywhere.
    bearer(),

    jwt({
      jwt: {
        // The id and nothing more. Without this the whole profile would travel in every request, and a token with an
        // `email` under this secret is also a valid e-mail verification link: Better Auth's /verify-email accepts it.
        // `sub` is added by Better Auth, always the true user id; Postern demands that it equals `uid`.
        definePayload: ({ user }) => ({ uid: user.id }),

        // Nobody can call a token back, so its life is the only revocation. Keep the quotes: a number is not a
        // duration here but the very second since 1970 at which every token ends.
        expirationTime: "15m",

        // The plugin cannot do HS256 by itself; options that look as if it could are ignored without a word.
        sign: async (payload, header) => {
          // The secret Better Auth itself uses now: the first of BETTER_AUTH_SECRETS, or else BETTER_AUTH_SECRET.
          // Reading the environment here instead would go on signing with the old secret after a rotation.
          const { secret } = await auth.$context;
          return (
            new SignJWT(payload)
              // A caller's `typ` is kept, so that a token meant for something else does not pass as an access token.
              .setProtectedHeader({ typ: "JWT", ...header, alg: "HS256" })
              // The text's own bytes: Better Auth and Postern do not decode the secret, whatever it looks like.
              .sign(new TextEncoder().encode(secret))
          );
        },
      },

      // Demanded beside a custom `sign`; neither value is used, and /api/auth/jwks answers 404.
      jwks: { remoteUrl: "https://unused.invalid", keyPairConfig: { alg: "EdDSA" } },
    }),
  ],
});
