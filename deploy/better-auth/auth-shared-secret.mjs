// The same with tokens that the shared secret signs, for a Postern that is to fetch nothing.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { bearer, jwt } from "better-auth/plugins";
import { sharedSecret } from "postern-better-auth"; // the folder `package`

export const auth = betterAuth({
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  // The secret that Better Auth itself uses now: the first of BETTER_AUTH_SECRETS, or else BETTER_AUTH_SECRET. Reading the
  // environment here instead would go on signing with the old one after a rotation.
  plugins: [bearer(), jwt(sharedSecret(async () => (await auth.$context).secret))],
});
