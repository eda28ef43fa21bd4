import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from './source.ts'

/** A machine where only these programs are: what the script may use, and what a test puts there. */
describe.skipIf(process.platform === 'win32')('the browser for the tests', () => {
  let machine: string
  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), 'heddle-machine-'))
    mkdirSync(join(machine, 'browsers'))
    for (const name of ['sh', 'env', 'timeout', 'mktemp', 'rm', 'tail', 'sleep', 'chmod', 'cat']) {
      const found = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
      symlinkSync(found.stdout.trim(), join(machine, name))
    }
  })
  afterEach(() => rmSync(machine, { recursive: true }))

  function program(name: string, text: string): void {
    const file = join(machine, name)
    writeFileSync(file, `#!/bin/sh\n${text}\n`)
    chmodSync(file, 0o755)
  }

  /** Brings a browser where it is asked to install one, and notes what it was asked. */
  const installs = () =>
    [
      `echo "$0 $*" >>${machine}/asked`,
      `[ "$1" = update ] && exit 0`,
      `printf '#!/bin/sh\\necho Chromium 1' >${machine}/browsers/chromium`,
      `chmod +x ${machine}/browsers/chromium`,
    ].join('\n')

  function run(seconds = 60): string {
    const args = [join(root, '.ci/chromium.sh'), String(seconds), join(machine, 'browsers')]
    const ran = spawnSync('/bin/sh', args, { encoding: 'utf8', env: { PATH: machine } })
    expect({ status: ran.status, err: ran.stderr }).toEqual({ status: 0, err: '' })
    expect(ran.stdout.trim().split('\n')).toHaveLength(1)
    return ran.stdout.trim()
  }

  const asked = () => readFileSync(join(machine, 'asked'), 'utf8').replaceAll(`${machine}/`, '')
  const skipped = (reason: string) =>
    `chromium: not installed: ${reason}; tests in a browser are skipped`

  it('is the one that is there', () => {
    program('browsers/google-chrome', 'echo Chrome 2')
    program('apt-get', 'exit 1')
    expect(run()).toBe('chromium: Chrome 2, as it was')
  })

  it.each(['apt-get', 'dnf', 'apk'])('is installed by root with %s', (manager) => {
    program('id', 'echo 0')
    program(manager, installs())
    // Of that name, and no browser.
    program('browsers/chromium-browser', 'exit 1')
    expect(run()).toBe('chromium: Chromium 1, installed')
    expect(asked()).toMatch(new RegExp(`^${manager} (install|add) .*chromium`, 'm'))
  })

  it('is installed by others only through sudo that asks for no password', () => {
    program('id', 'echo 1000')
    program('apt-get', installs())
    const denied = skipped('this user may not (root, or sudo that asks for no password)')
    expect(run()).toBe(denied)
    program('sudo', 'echo "a password is required" >&2; exit 1')
    expect(run()).toBe(denied)
    program('sudo', `[ "$1" = -n ] && shift && exec "$@"`)
    program('true', 'exit 0')
    expect(run()).toBe('chromium: Chromium 1, installed')
  })

  it('is not there where nothing can bring it, and the reason is', () => {
    expect(run()).toBe(skipped('no package manager is known here (apt-get, dnf, apk)'))
    program('id', 'echo 0')
    program('apt-get', 'echo one; echo "E: Unable to locate package chromium" >&2; exit 100')
    expect(run()).toBe(skipped('E: Unable to locate package chromium'))
    program('apt-get', 'exit 0')
    expect(run()).toBe(skipped('the package brought none that runs'))
    program('apt-get', 'sleep 30')
    expect(run(1)).toBe(skipped('it took longer than 1 s'))
  })
})
