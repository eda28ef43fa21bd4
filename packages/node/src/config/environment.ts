import { type Settings, settingNames } from './parse.ts'

/** Settings from `HEDDLE_PORT`, `HEDDLE_PUBLIC_URL` and so on. The only reader of the environment. */
export function readEnvironment(environment: NodeJS.ProcessEnv = process.env): Settings {
  const settings: Record<string, string | undefined> = {}
  for (const name of settingNames) {
    settings[name] = environment[`HEDDLE_${name.replaceAll('-', '_').toUpperCase()}`]
  }
  return settings
}

/** What a client command takes from the environment. */
export function readClientEnvironment(environment: NodeJS.ProcessEnv = process.env): {
  readonly url: string | undefined
  readonly wallet: string | undefined
} {
  return { url: environment.HEDDLE_URL, wallet: environment.HEDDLE_WALLET }
}
