import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createClient, generateWallet, walletSigner } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { main } from '../packages/cli/src/index.ts'
import { documentedRoutes, openApi, summaryOf } from '../scripts/docs/http-page.ts'
import { readMetrics } from '../scripts/docs/metrics-page.ts'
import { nodePages } from '../scripts/docs/pages.ts'
import { routeSummaries } from '../scripts/docs/route-summaries.ts'
import { type SampleNode, startSampleNode } from '../scripts/docs/sample-node.ts'
import { bodies, faultsOf, schemas } from '../scripts/docs/schemas.ts'
import { readSnippets, type Snippet, shellSteps, withoutVarying } from '../scripts/docs/snippets.ts'
import { root } from '../scripts/source.ts'

const run = promisify(execFile)
const documentedUrl = 'http://127.0.0.1:4000'
const snippets = readSnippets()
const runs = new Set(process.env.HEDDLE_SLOW === undefined ? ['run'] : ['run', 'slow'])
const marked = (mark: string) => snippets.filter((snippet) => snippet.mark === mark)
const nameOf = ({ page, line }: Snippet) => `${page}:${line}`
/** Modules of snippets find their packages from here. */
const moduleFolder = join(root, '.cache', `docs-${process.pid}`)

let sample: SampleNode
beforeAll(async () => {
  mkdirSync(moduleFolder, { recursive: true })
  sample = await startSampleNode()
  process.env.HEDDLE_URL = sample.node.url
  process.env.HEDDLE_WALLET = join(sample.folder, 'wallet.json')
  expect(await main(['keygen', join(sample.folder, 'wallet.json')])).toBe(0)
})

afterAll(async () => {
  rmSync(moduleFolder, { recursive: true, force: true })
  await sample.close()
})

describe('the reference', () => {
  it('is what the node says of itself', async () => {
    for (const [path, text] of await nodePages(sample)) {
      const file = join(root, 'docs', path)
      const written = existsSync(file) ? readFileSync(file, 'utf8') : ''
      expect(written === text, `${path} is old: node scripts/generate-docs.ts`).toBe(true)
    }
  })

  it('says of each route what it does, and of no other', () => {
    const routes = documentedRoutes(sample.node.routes)
    const silent = routes.filter(({ method, path }) => summaryOf(method, path) === '')
    expect(silent, 'write them down in scripts/docs/route-summaries.ts').toEqual([])
    const served = new Set(routes.map(({ method, path }) => `${method} ${path}`))
    expect(Object.keys(routeSummaries).filter((route) => !served.has(route))).toEqual([])
    expect(Object.keys(bodies).filter((route) => !served.has(route))).toEqual([])
    expect(Object.keys(openApi(sample.node.routes).paths).length).toBeGreaterThan(100)
  })

  it('has schemas that the answers follow', async () => {
    const { url } = sample.node
    const read = async (path: string) => (await fetch(url + path)).json()
    const { processes } = await read('/cu/processes')
    const process = processes[0].process
    const answers = {
      Health: await read('/healthz'),
      Processes: await read('/cu/processes'),
      Results: await read(`/cu/results/${process}`),
      Result: await read(`/cu/result/${process}?process-id=${process}`),
      Error: await read('/no/such/route/here/at/all'),
    }
    for (const [name, answer] of Object.entries(answers)) {
      expect(faultsOf(answer, schemas[name] ?? {}), name).toEqual([])
      expect(faultsOf({ other: 1 }, schemas[name] ?? {})).not.toEqual([])
    }
  })
})

describe('operating', () => {
  it('draws only metrics that exist, and explains only those', async () => {
    const exist = new Set(readMetrics(await sample.metrics()).map(({ name }) => name))
    const pages = ['docs/operating/grafana.json', 'docs/operating/metrics.md']
    for (const page of pages) {
      const text = readFileSync(join(root, page), 'utf8')
      const named = text.match(/\b(?:heddle|nodejs|process)_[a-z0-9_]+\b/g) ?? []
      const base = named.map((name) => name.replace(/_(bucket|sum|count)$/, ''))
      expect(base.length).toBeGreaterThan(5)
      expect(base.filter((name) => !exist.has(name))).toEqual([])
    }
  })

  it('hands back the id of a request, or makes one', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${sample.node.url}/healthz`, { headers })).headers.get('x-request-id')
    expect(await ask({ 'x-request-id': 'trace-1:a' })).toBe('trace-1:a')
    const [one, two] = [await ask({}), await ask({ 'x-request-id': 'has spaces "and" quotes' })]
    expect(one).toMatch(/^[\w-]{8}-\d+$/)
    expect(two).toMatch(/^[\w-]{8}-\d+$/)
    expect(one).not.toBe(two)
  })
})

describe('snippets', () => {
  /** What a page calls PROCESS, ITEM, MODULE and DATA. */
  const names = new Map<string, string>()

  it.each(snippets.filter(isForShell).map((one) => [nameOf(one), one] as const))(
    '%s runs as it stands',
    async (_name, snippet) => {
      names.set('DATA', join(sample.folder, 'data'))
      const file = /^file=(.+)$/.exec(snippet.mark)?.[1]
      if (file !== undefined) return writeFileSync(join(sample.folder, file), snippet.code)
      for (const { command, expected } of shellSteps(snippet.code)) {
        const { code, out, err } = await runStep(command)
        expect({ command, code, err }).toMatchObject({ code: 0 })
        if (expected.length > 0) {
          expect(withoutVarying(out)).toBe(withoutVarying(expected.join('\n')))
        }
      }
    },
  )

  function isForShell({ mark, language }: Snippet): boolean {
    return mark.startsWith('file=') || (runs.has(mark) && language === 'sh')
  }

  async function runStep(command: string) {
    const words = command
      .split(' ')
      .map((word) => names.get(word) ?? word.replace(/^'(.*)'$/, '$1'))
    const [npx, program, ...args] = words
    expect(npx).toBe('npx')
    if (program === 'node') {
      const [script = '', ...rest] = args
      await run(process.execPath, [join(root, script), ...rest], { cwd: sample.folder })
      return { code: 0, out: '', err: '' }
    }
    expect(program).toBe('heddle')
    const inFolder = (word: string) => {
      const isFile = /^[\w-]+\.(ts|wasm)$/.test(word)
      return isFile ? join(sample.folder, word) : word
    }
    const ran = await captured(args.map(inFolder))
    for (const kind of ['process', 'item', 'module']) {
      const id = new RegExp(`^${kind} +([\\w-]{43})`, 'm').exec(ran.out)?.[1]
      if (id !== undefined) names.set(kind.toUpperCase(), id)
    }
    return ran
  }

  it('in TypeScript have types that hold', async () => {
    const typed = snippets.filter(({ language }) => language === 'ts')
    expect(typed.length).toBeGreaterThan(3)
    const given =
      "declare const heddle: import('@heddle/sdk').Client\ndeclare const data: Uint8Array\n"
    typed.forEach(({ code, mark }, at) => {
      const head = mark === 'check' ? given : ''
      writeFileSync(join(moduleFolder, `snippet-${at}.ts`), `${head}${code}\nexport {}\n`)
    })
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: { types: ['node'], lib: ['es2024', 'dom'], noUnusedLocals: false },
      files: [
        ...typed.map((_one, at) => `snippet-${at}.ts`),
        join(root, 'packages/node/actor.d.ts'),
      ],
    }
    writeFileSync(join(moduleFolder, 'tsconfig.json'), JSON.stringify(config))
    const ran = run(join(root, 'node_modules/.bin/tsc'), ['-p', moduleFolder]).catch(
      (error) => error,
    )
    expect((await ran).stdout).toBe('')
  })

  it.each(marked('actor').map((one) => [nameOf(one), one] as const))(
    '%s boots as an actor',
    async (_name, { code }) => {
      const client = createClient({ url: sample.node.url, signer: walletSigner(generateWallet()) })
      expect((await client.spawn({ source: code })).id).toHaveLength(43)
    },
  )

  const modules = marked('run').filter(({ language }) => language !== 'sh')
  it.each(modules.map((one) => [nameOf(one), one] as const))(
    '%s runs as a module',
    async (_name, { code, language, line }) => {
      const port = new URL(sample.node.url).port
      const local = code
        .replaceAll(documentedUrl, sample.node.url)
        .replace('port: 4000', `port: ${port}`)
      expect(local).not.toBe(code)
      const file = join(moduleFolder, `module-${line}.${language === 'js' ? 'mjs' : 'ts'}`)
      writeFileSync(file, local)
      await import(/* @vite-ignore */ pathToFileURL(file).href)
    },
  )
})

/** A command of this process, with what it wrote. */
async function captured(args: readonly string[]) {
  let out = ''
  let err = ''
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text
      return true
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += text
      return true
    }),
  ]
  const code = await main(args).finally(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return { code, out, err }
}
