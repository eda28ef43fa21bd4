import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Language } from './actors.ts'
import {
  type AoClient,
  type AoResult,
  type AoTag,
  arweaveSigner,
  eventually,
  legacyClient,
  mainnetClient,
  outputText,
  tag,
} from './aoconnect-client.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

export type SuiteInput = {
  readonly mode: 'legacy' | 'mainnet'
  readonly language: Language
  /** Gives the id of the module on a fresh node. */
  moduleOf(node: NodeProcess): Promise<string>
}

/** What an unmodified client must be able to do, whatever the mode and the module. */
export function describeAo({ mode, language, moduleOf }: SuiteInput): void {
  const folder = newDataFolder()
  const signer = arweaveSigner()
  let node: NodeProcess
  let ao: AoClient
  let module: string
  let scheduler: string

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    module = await moduleOf(node)
    scheduler = (await (await fetch(`${node.url}/healthz`)).json()).address
    ao = mode === 'legacy' ? legacyClient(node.url) : mainnetClient(node.url, signer, scheduler)
  })

  afterAll(async () => {
    expect(await node?.stop()).toBe(0)
    removeFolder(folder)
  })

  const send = async (process: string, tags: readonly AoTag[], data?: string) => {
    const input = { process, signer, tags: [...tags], ...(data === undefined ? {} : { data }) }
    const message = await ao.message(input)
    return { message, result: await ao.result({ process, message }) }
  }
  const ask = (process: string, action: string, tags: readonly AoTag[] = []) =>
    send(process, [tag('Action', action), ...tags])
  const start = async (source: string, tags: readonly AoTag[] = []) => {
    const all = [tag('Authority', scheduler), ...tags]
    if (language.sourceAt === 'spawn') {
      return ao.spawn({ module, scheduler, signer, data: source, tags: all })
    }
    const process = await ao.spawn({ module, scheduler, signer, tags: all })
    const { result } = await send(process, [tag('Action', 'Eval')], source)
    expect(result.Error).toBeUndefined()
    return process
  }
  const value = (result: AoResult) => result.Messages[0]?.Data
  const get = async (process: string) =>
    value(await ao.dryrun({ process, tags: [tag('Action', 'Get')] }))

  describe(`aoconnect ${mode}, ${language.name}`, () => {
    it('spawns, sends and reads results', async () => {
      const process = await start(language.counter)
      expect(value((await ask(process, 'Inc', [tag('By', '2')])).result)).toBe('2')
      expect(value((await ask(process, 'Inc')).result)).toBe('3')
    })

    it('evaluates code for the owner alone', async () => {
      const process = await start(language.counter)
      const { result } = await send(process, [tag('Action', 'Eval')], '1 + 1')
      expect(outputText(result)).toContain('2')
    })

    it('dry-runs leave no trace', async () => {
      const process = await start(language.counter)
      const dry = await ao.dryrun({ process, tags: [tag('Action', 'Inc')] })
      expect(value(dry)).toBe('1')
      expect(value((await ask(process, 'Get')).result)).toBe('0')
    })

    it('a failing message changes nothing and says why', async () => {
      const process = await start(language.counter)
      await ask(process, 'Inc')
      const { result } = await send(process, language.fail.tags, language.fail.data)
      expect(JSON.stringify(result.Error)).toContain('refused on purpose')
      expect(value((await ask(process, 'Inc')).result)).toBe('2')
    })

    it('an error in a handler is told and the process lives on', async () => {
      const process = await start(language.counter)
      await ask(process, 'Inc')
      const { result } = await ask(process, 'Fail')
      expect(JSON.stringify(result)).toContain('refused on purpose')
      expect(value((await ask(process, 'Inc')).result)).toBe('2')
    })

    it('an endless loop is ended by its limit and the process lives on', async () => {
      const process = await start(language.counter, [tag('Compute-Limit', language.loop.limit)])
      await ask(process, 'Inc')
      const { result } = await send(process, language.loop.tags, language.loop.data)
      expect(result.Error).toMatch(/gas|compute limit/)
      expect(value((await ask(process, 'Inc')).result)).toBe('2')
    })

    it('two processes play ping-pong', async () => {
      const ping = await start(language.player(20))
      const pong = await start(language.player(20))
      await ask(ping, 'Serve', [tag('To', pong)])
      for (const process of [ping, pong])
        await eventually(
          () => get(process),
          (hits) => hits === '10',
        )
    })

    it('a process spawns a process and talks to it', async () => {
      const process = await start(language.parent(module))
      await ask(process, 'Go')
      await eventually(
        () => get(process),
        (answer) => answer === 'hi true',
      )
    })

    if (mode === 'mainnet') {
      it('lists the newest result', async () => {
        const process = await start(language.counter)
        await ask(process, 'Inc')
        const { edges } = await ao.results({ process })
        expect(edges).toHaveLength(1)
        expect(edges[0] && value(edges[0].node)).toBe('1')
      })
      return
    }

    it('pages results both ways', async () => {
      const process = await start(language.counter)
      const values: (string | undefined)[] = []
      for (let i = 0; i < 5; i++) values.push(value((await ask(process, 'Inc')).result))
      expect(values).toEqual(['1', '2', '3', '4', '5'])
      const dataOf = (edges: { node: AoResult }[]) =>
        edges.map((edge) => value(edge.node)).filter((data) => data !== undefined)
      const first = await ao.results({ process, limit: 3, sort: 'ASC' })
      const from = first.edges.at(-1)?.cursor ?? ''
      const rest = await ao.results({ process, limit: 10, sort: 'ASC', from })
      expect(dataOf([...first.edges, ...rest.edges])).toEqual(values)
      const newest = await ao.results({ process, limit: 2, sort: 'DESC' })
      expect(dataOf(newest.edges)).toEqual(['5', '4'])
      // Upstream's bounds whatever the order: `from` is the lower one, exclusive; `to` the upper, inclusive.
      const to = newest.edges.at(-1)?.cursor ?? ''
      const older = await ao.results({ process, limit: 3, sort: 'DESC', to })
      expect(dataOf(older.edges)).toEqual(['4', '3', '2'])
    })

    it('assigns a message to another process, once', async () => {
      const a = await start(language.counter)
      const b = await start(language.counter)
      const { message } = await ask(a, 'Inc', [tag('By', '7')])
      const assignment = await ao.assign({ process: b, message: String(message) })
      expect(assignment).toMatch(/^[\w-]{43}$/)
      await eventually(
        () => get(b),
        (count) => count === '7',
      )
      await ao.assign({ process: b, message: String(message) }).catch(() => undefined)
      expect(await get(b)).toBe('7')
    })

    it('runs cron while its owner has it monitored', async () => {
      const tags = [tag('Cron-Interval', '1-second'), tag('Cron-Tag-Action', 'Tick')]
      const process = await start(language.ticker, tags)
      expect(await get(process)).toBe('0')
      await expect(ao.monitor({ process, signer: arweaveSigner() })).rejects.toThrow()
      await ao.monitor({ process, signer })
      const ticked = (id: string, most: number) =>
        eventually(
          () => get(id),
          (count) => Number(count) >= most,
        )
      await ticked(process, 2)
      await ao.unmonitor({ process, signer })
      const stopped = await get(process)
      // What goes on ticking tells that there was time for two more.
      const other = await start(language.ticker, tags)
      await ao.monitor({ process: other, signer })
      await ticked(other, 2)
      await ao.unmonitor({ process: other, signer })
      expect(await get(process)).toBe(stopped)
    })
  })
}
