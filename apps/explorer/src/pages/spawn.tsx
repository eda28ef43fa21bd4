import { useState } from 'preact/hooks'
import { actorTypes, examples } from '../act/examples.ts'
import { spawnSnippets } from '../act/snippets.ts'
import { parseTags } from '../act/tags-text.ts'
import { useAction } from '../act/use-action.ts'
import { useLoad } from '../api/load.ts'
import { fetchHealth } from '../api/node.ts'
import { AsCode } from '../components/as-code.tsx'
import { Code } from '../components/code.tsx'
import { Editor } from '../components/editor.tsx'
import { TextField } from '../components/fields.tsx'
import { Id } from '../components/id.tsx'
import { NeedWallet } from '../components/need-wallet.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Failure } from '../components/state.tsx'
import { paths } from '../paths.ts'
import { Link, setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'
import { useAccount } from '../wallet/use-account.ts'

const firstExample = 'counter'

/** Writes an actor and spawns it. */
export function SpawnPage({ query }: { query: URLSearchParams }) {
  useTitle('Spawn')
  const example = query.get('example') ?? firstExample
  const [source, setSource] = useState(examples[example] ?? '')
  const [name, setName] = useState(example)
  const [tagText, setTagText] = useState('')
  const account = useAccount()
  const health = useLoad('health', fetchHealth)
  const spawning = useAction<{ readonly id: string; readonly tookMs: number }>()
  const choose = (chosen: string) => {
    setSource(examples[chosen] ?? '')
    setName(chosen)
    setQuery('example', chosen)
  }
  const spawn = () =>
    spawning.run(async (signal) => {
      const [{ createClient }, { stripTypes }] = await Promise.all([
        import('@heddle/sdk'),
        import('../act/strip-types.ts'),
      ])
      if (account === undefined) throw new Error('choose a wallet first')
      const client = createClient({ url: location.origin, signer: account.signer })
      const tags = [{ name: 'Name', value: name }, ...parseTags(tagText)]
      const sinceMs = performance.now()
      const { id } = await client.spawn({ source: stripTypes(source), tags, signal })
      return { id, tookMs: performance.now() - sinceMs }
    })
  return (
    <>
      <PageHead kind="Act" title="Spawn a process">
        <p class="lead">
          An actor in TypeScript. Its top-level variables persist between messages; the types are
          left out here, in the browser.
        </p>
      </PageHead>
      {account === undefined && <NeedWallet />}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          spawn()
        }}
      >
        <div class="filters">
          <label>
            <span>Begin with</span>
            <select value={example} onChange={(event) => choose(event.currentTarget.value)}>
              {Object.keys(examples).map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          <label>
            <span>Name</span>
            <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
        </div>
        <Editor label="Source of the actor" value={source} onInput={setSource} />
        <details class="fold">
          <summary>What an actor can use</summary>
          <Code text={actorTypes} label="actor.d.ts" />
        </details>
        <TextField
          label="Tags, one a line"
          value={tagText}
          onInput={setTagText}
          placeholder="Cron-Interval: 10-seconds"
        />
        <p class="actions">
          <button
            type="submit"
            class="button button-primary"
            disabled={account === undefined || spawning.isBusy}
          >
            {spawning.isBusy ? 'Spawning …' : 'Sign and spawn'}
          </button>
        </p>
      </form>
      <div aria-live="polite">
        {spawning.error !== undefined && <Failure error={spawning.error} />}
        {spawning.value !== undefined && (
          <Panel title="Spawned">
            <p class="pad">
              <Id id={spawning.value.id} name={name} to={paths.process(spawning.value.id)} copy />{' '}
              runs, {Math.round(spawning.value.tookMs)} ms after you asked.{' '}
              <Link to={paths.send({ process: spawning.value.id })}>Send it a message</Link>
            </p>
          </Panel>
        )}
      </div>
      <AsCode
        snippets={spawnSnippets(
          location.origin,
          { name, tags: tagsOrNone(tagText), module: health.value?.modules.js ?? 'MODULE' },
          health.value?.address ?? 'SCHEDULER',
        )}
      />
    </>
  )
}

/** While a line is being written it may be no tag yet. */
export function tagsOrNone(text: string) {
  try {
    return parseTags(text)
  } catch {
    return []
  }
}
