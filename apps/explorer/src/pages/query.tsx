import { useState } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { runQuery } from '../api/graphql.ts'
import { Code } from '../components/code.tsx'
import { Editor } from '../components/editor.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Failure } from '../components/state.tsx'
import { formatDuration } from '../format.ts'
import { setQuery } from '../router.tsx'
import { useTitle } from '../title.ts'

const samples: Readonly<Record<string, string>> = {
  'Newest items': `query {
  transactions(first: 5) {
    edges { node { id owner { address } data { size type } tags { name value } } }
  }
}`,
  Processes: `query {
  transactions(first: 10, tags: [
    { name: "Data-Protocol", values: ["ao"] },
    { name: "Type", values: ["Process"] }
  ]) {
    edges { cursor node { id block { height } tags { name value } } }
  }
}`,
  'Messages of an action': `query {
  transactions(first: 10, tags: [{ name: "Action", values: ["Transfer", "Mint"] }]) {
    count
    edges { node { id recipient tags { name value } } }
  }
}`,
  Blocks: `query {
  blocks(first: 5) { edges { node { height id previous timestamp } } }
}`,
}

type Answer = { readonly text: string; readonly tookMs: number }

/** Arweave's query language against this node. */
export function QueryPage({ query }: { query: URLSearchParams }) {
  useTitle('Query')
  const [text, setText] = useState(query.get('query') ?? samples['Newest items'] ?? '')
  const running = useAction<Answer>()
  const run = () => {
    setQuery('query', text)
    running.run(async (signal) => {
      const sinceMs = performance.now()
      const data = await runQuery<unknown>(text, {}, signal)
      return { text: JSON.stringify(data, null, 2), tookMs: performance.now() - sinceMs }
    })
  }
  return (
    <>
      <PageHead kind="This node" title="Query">
        <p class="lead">
          GraphQL as Arweave gateways speak it, at /graphql. The address keeps the query.
        </p>
      </PageHead>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          run()
        }}
      >
        <fieldset class="samples" aria-label="Examples">
          {Object.entries(samples).map(([name, sample]) => (
            <button key={name} type="button" class="button" onClick={() => setText(sample)}>
              {name}
            </button>
          ))}
        </fieldset>
        <Editor label="Query" value={text} onInput={setText} />
        <p class="actions">
          <button type="submit" class="button button-primary" disabled={running.isBusy}>
            Run
          </button>
        </p>
      </form>
      <div aria-live="polite">
        {running.error !== undefined && <Failure error={running.error} />}
        {running.value !== undefined && (
          <Panel
            title="Answer"
            aside={<span class="quiet">{formatDuration(running.value.tookMs)}</span>}
          >
            <Code text={running.value.text} label="JSON" />
          </Panel>
        )}
      </div>
    </>
  )
}
