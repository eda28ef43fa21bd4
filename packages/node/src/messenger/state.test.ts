import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { State } from './state.ts'
import { arrived, FakeNode, signerOf } from './testing/fake-node.ts'
import { startMessenger, until } from './testing/run-messenger.ts'

const { timer } = createRuntime()
const newFile = () => join(mkdtempSync(join(tmpdir(), 'heddle-state-')), 'state.sqlite')
const setCursor = 'INSERT INTO cursors VALUES (?,?)'

describe('the state file', () => {
  it('holds what was committed, and nothing of what was not', async () => {
    const path = newFile()
    const state = new State(path, timer, 60_000)
    state.write(setCursor, 'committed', 1)
    await state.durable()
    state.write(setCursor, 'open', 1)
    const other = new DatabaseSync(path, { readOnly: true })
    const names = other.prepare('SELECT process FROM cursors').all()
    expect(names.map((row) => row.process)).toEqual(['committed'])
    other.close()
    state.close()
    state.close()
    expect(state.write(setCursor, 'late', 1)).toBe(0)
    await expect(state.durable()).rejects.toMatchObject({ code: 'state-unusable' })
    const again = new State(path, timer, 60_000)
    expect(again.all('SELECT process FROM cursors')).toHaveLength(2)
    again.close()
  })

  it('is refused where a newer node wrote it, or where it is no database', () => {
    const path = newFile()
    const newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    expect(() => new State(path, timer, 5)).toThrow(/version 99/)
    expect(() => new State('/nowhere/at/all', timer, 5)).toThrow(/cannot be used/)
  })

  it('undoes a failed transaction whole and says so', () => {
    const state = new State(newFile(), timer, 60_000)
    const failures: unknown[] = []
    state.onFailure = (error) => void failures.push(error)
    state.write(setCursor, 'a', 1)
    expect(() => state.write(setCursor, 'a', 2)).toThrow(/cannot be used/)
    expect(failures).toHaveLength(1)
    expect(state.all('SELECT * FROM cursors')).toEqual([])
    state.close()
  })
})

describe('a messenger whose state file fails', () => {
  it('starts over from the disk and loses nothing', async () => {
    const node = new FakeNode(1, 'a')
    const user = signerOf(200)
    const receiver = await node.spawn(user, () => ({}))
    const sender = await node.spawn(user, ({ assignment }) =>
      assignment.slot === 0 ? {} : { Messages: [{ Target: receiver, Anchor: '', Tags: [] }] },
    )
    let failures = 0
    const log = { info: () => {}, warn: () => {}, error: () => void failures++ }
    const run = await startMessenger(node, { deps: { log } })
    await node.send(user, sender)
    await until(() => arrived(node, receiver).length === 1)
    const other = new DatabaseSync(run.stateFile)
    // Once no transaction of the messenger is open.
    const rename = (from: string, to: string) =>
      until(() => {
        try {
          other.exec(`ALTER TABLE ${from} RENAME TO ${to}`)
          return true
        } catch {
          return false
        }
      })
    await rename('cursors', 'away')
    await node.send(user, sender)
    await until(() => failures > 0)
    await rename('away', 'cursors')
    other.close()
    await node.send(user, sender)
    await until(() => arrived(node, receiver).length === 3)
    await until(async () => {
      const { body } = await run.request('GET', `/outbox?process-id=${sender}`)
      return (body as { throughSlot: number }).throughSlot === 4
    })
    expect(arrived(node, receiver)).toEqual([1, 2, 3].map((slot) => `${sender}/0/${slot}/0`))
    await run.close()
  })
})
