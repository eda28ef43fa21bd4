import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { remark } from './report.ts'

const folder = fileURLToPath(new URL('.peers', import.meta.url))

/** What a peer needs that npm would not do by itself. */
type PeerInstall = {
  /** Versions to put in place of what its dependencies ask for. */
  readonly overrides?: Readonly<Record<string, string>>
  /** Runs the install scripts of its dependencies: native addons are built then. */
  readonly scripts?: boolean
}

/**
 * Installs a peer to measure against, at the first run that wants it. Peers are nobody's dependency:
 * they lie in a folder of their own, outside the workspaces. `flags` go to npm. Returns its folder, or
 * why it is not there.
 */
export function installPeer(
  name: string,
  version: string,
  flags: readonly string[] = [],
  { overrides = {}, scripts = false }: PeerInstall = {},
): { path: string } | { missing: string } {
  const home = join(folder, name.replaceAll('/', '+'))
  const path = join(home, 'node_modules', name)
  if (existsSync(join(path, 'package.json'))) return { path }
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, overrides }))
  remark(`installing ${name}@${version} (once, to measure against)`)
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    ...(scripts ? [] : ['--ignore-scripts']),
    `${name}@${version}`,
    ...flags,
  ]
  const { status, stderr } = spawnSync('npm', args, { cwd: home, encoding: 'utf8' })
  if (status === 0) return { path }
  return { missing: `npm could not install ${name}@${version}: ${stderr.slice(-200)}` }
}
