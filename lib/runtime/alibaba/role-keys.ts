import type { Env } from '../../config/env.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { Keys } from '../../queue/fc/sign.ts';
import type { PlatformContext } from '../middleware/context.ts';

/**
 * The keys of the function's role. Each invocation brings some; the environment has those of the instance's start, and whether
 * a living instance ever gets newer ones there is not documented. Invocations share the newest (I12): they are all of one role.
 */
export class RoleKeys {
  readonly #env: Env;
  #newest: Keys | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Keeps what an invocation brought; a function without a role brings empty texts. */
  keep({ credentials }: PlatformContext): void {
    const { accessKeyId, accessKeySecret, securityToken } = credentials ?? {};
    if (!accessKeyId || !accessKeySecret) return;
    this.#newest = { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) };
  }

  /** @throws GiveUp InvalidCredentials when neither an invocation nor the environment has any. */
  get(): Keys {
    if (this.#newest) return this.#newest;
    const {
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: securityToken,
    } = this.#env;
    if (accessKeyId && accessKeySecret)
      return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) };
    throw new GiveUp(
      'InvalidCredentials',
      'This function has no role: neither its invocation nor its environment holds credentials. Give it the role that alibaba.ts makes for it.',
    );
  }
}
