import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockDataFolder } from '@heddle/node/main'
import { afterAll, expect, it } from 'vitest'
import { describeFindings } from './finding.ts'
import { lookHere, type Place } from './look-here.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-doctor-'))
const place: Place = {
  dataFolder: folder,
  host: '127.0.0.1',
  port: 0,
  keyFile: undefined,
  walletFile: join(folder, 'wallet.json'),
  isNodeUp: false,
}
afterAll(() => rmSync(folder, { recursive: true }))

async function stateOf(check: string, given: Partial<Place> = {}) {
  const found = (await lookHere({ ...place, ...given })).find((one) => one.check === check)
  return found?.state
}

it('finds a machine that is ready', async () => {
  const findings = await lookHere(place)
  expect(findings.filter(({ state }) => state === 'fault')).toEqual([])
  expect(describeFindings(findings)).toContain('can be written')
})

it('says so where another node has the folder', async () => {
  const lock = lockDataFolder(folder)
  expect(await stateOf('lock')).toBe('warning')
  expect(await stateOf('lock', { isNodeUp: true })).toBe('good')
  lock.release()
  expect(await stateOf('lock')).toBe('good')
})

it('says so where others can read a key, and what to run', async () => {
  writeFileSync(place.walletFile, '{}')
  chmodSync(place.walletFile, 0o644)
  const findings = await lookHere(place)
  expect(findings.find(({ check }) => check === 'wallet')).toMatchObject({
    state: 'warning',
    advice: `chmod 600 ${place.walletFile}`,
  })
  chmodSync(place.walletFile, 0o600)
  expect(await stateOf('wallet')).toBe('good')
  expect(await stateOf('node key', { keyFile: join(folder, 'absent.json') })).toBe('fault')
})

it('says so where something else has the port', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await stateOf('port', { port })).toBe('fault')
  await new Promise((resolve) => server.close(resolve))
  expect(await stateOf('port', { port })).toBe('good')
})

it('says so where there is no folder to write to', async () => {
  expect(await stateOf('folder', { dataFolder: join(folder, 'made', 'later') })).toBe('good')
  writeFileSync(join(folder, 'file'), '')
  expect(await stateOf('folder', { dataFolder: join(folder, 'file', 'below') })).toBe('fault')
})
