// The issuer as it comes: the jwt plugin signs with a key of its own and publishes the public one at /api/auth/jwks.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { bearer, jwt } from "better-auth/plugins";

export const auth = betterAuth({
  // Users and keys live in memory and are gone after a restart: an example needs no database. Yours stays what it is.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
  emailAndPassword: { enabled: true },

  plugins: [
    // Sign-in answers with a `set-auth-token` header, which fetches tokens as a Bearer credential: no cookie anywhere.
    bearer(),
    // `jwt()` alone would do. So the id alone travels in each request, and not the whole profile.
    jwt({ jwt: { definePayload: ({ user }) => ({ uid: user.id }) } }),
  ],
});
