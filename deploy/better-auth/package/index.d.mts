import type { JwtOptions } from "better-auth/plugins";

export interface SharedSecretSettings {
  /** How long a token is good, which nothing but time ends. Default: "15m". A number would be a moment of 1970. */
  expirationTime?: `${number}${"s" | "m" | "h" | "d"}`;
}

/**
 * Options of Better Auth's jwt plugin: it signs HS256 under the shared secret, with the user's id in `uid`.
 *
 * The plugin then publishes no keys (`/jwks` answers 404), so the OAuth provider's `openid` flow does not work.
 *
 * @param secret gives Better Auth's own secret: `async (): Promise<string> => (await auth.$context).secret`. The return
 * type must be written, because `auth` cannot be inferred from itself.
 */
export declare function sharedSecret(secret: () => Promise<string>, settings?: SharedSecretSettings): JwtOptions;
