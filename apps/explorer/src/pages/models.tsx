import { useState } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { useLoad } from '../api/load.ts'
import { getJson, request } from '../api/request.ts'
import { Data } from '../components/code.tsx'
import { TextField } from '../components/fields.tsx'
import { Id } from '../components/id.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { ReplayPanel } from '../components/replay-panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { Table } from '../components/table.tsx'
import { counted, formatBytes, formatCount, formatDuration } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

type Model = {
  readonly id: string
  readonly owned_by: string
  readonly heddle?: {
    readonly item: string
    readonly format: string
    readonly precision: string
    readonly sizeBytes: number
    readonly context: number
  }
}

type Answer = {
  readonly text: string
  readonly receipt: string
  /** Tokens of the answer. */
  readonly steps: number
  readonly tookMs: number
}

type Question = { readonly model: string; readonly prompt: string; readonly tokens: number }

const tokensUsual = 64

async function fetchModels(signal: AbortSignal): Promise<readonly Model[]> {
  const { data } = await getJson<{ readonly data: readonly Model[] }>('/v1/models', signal)
  return data
}

/** Models kept here, and a question to one of them with its receipt. */
export function ModelsPage() {
  useTitle('Models')
  const { value, error, reload } = useLoad('models', fetchModels)
  return (
    <>
      <PageHead kind="Inference" title="Models">
        <p class="lead">
          A model is an item like any other. Each answer comes with a receipt: whoever has it can
          compute the answer again, bit for bit.
        </p>
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={4} />
      ) : value.length === 0 ? (
        <Empty title="No models here">
          A model that is kept as an item with its manifest shows here.
        </Empty>
      ) : (
        <>
          <Panel
            title={counted(value.length, 'model')}
            aside={<Link to={paths.receipts()}>All receipts</Link>}
          >
            <ModelTable models={value} />
          </Panel>
          <Ask models={value} />
        </>
      )}
    </>
  )
}

function ModelTable({ models }: { models: readonly Model[] }) {
  return (
    <Table
      label="Models"
      hideNarrow={[2, 3, 5]}
      columns={['Model', 'Item', 'Weights', { number: 'Size' }, { number: 'Context' }, 'Came from']}
    >
      {models.map(({ id, heddle }) => (
        <tr key={id}>
          <td class="nowrap">
            {heddle === undefined ? id : <Link to={paths.item(heddle.item)}>{id}</Link>}
          </td>
          <td class="nowrap">
            {heddle && <Id id={heddle.item} to={paths.item(heddle.item)} copy />}
          </td>
          <td class="nowrap">{heddle && `${heddle.format}, ${heddle.precision}`}</td>
          <td class="number">{heddle && formatBytes(heddle.sizeBytes)}</td>
          <td class="number">{heddle && formatCount(heddle.context)}</td>
          <td>{heddle && <Link to={paths.provenance(heddle.item)}>lineage</Link>}</td>
        </tr>
      ))}
    </Table>
  )
}

function Ask({ models }: { models: readonly Model[] }) {
  const [model, setModel] = useState(models[0]?.id ?? '')
  const [prompt, setPrompt] = useState('')
  const asking = useAction<Answer>()
  return (
    <Panel title="Ask">
      <form
        class="form pad"
        onSubmit={(event) => {
          event.preventDefault()
          asking.run((signal) => ask({ model, prompt, tokens: tokensUsual }, signal))
        }}
      >
        <label class="field">
          <span>Model</span>
          <select value={model} onChange={(event) => setModel(event.currentTarget.value)}>
            {models.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <TextField label="Prompt" value={prompt} onInput={setPrompt} rows={3} />
        <p class="actions">
          <button
            type="submit"
            class="button button-primary"
            disabled={prompt === '' || asking.isBusy}
          >
            {asking.isBusy ? 'Thinking …' : 'Ask'}
          </button>
        </p>
      </form>
      <div aria-live="polite">
        {asking.error !== undefined && <Failure error={asking.error} />}
        {asking.value !== undefined && <Answered answer={asking.value} />}
      </div>
    </Panel>
  )
}

/** An answer and its receipt, which is replayed here and not by the node that answered. */
function Answered({ answer: { text, receipt, steps, tookMs } }: { answer: Answer }) {
  return (
    <>
      <Data text={text} label={`Answer, ${formatDuration(tookMs)}`} />
      {receipt !== '' && (
        <>
          <p class="pad">
            Receipt <Id id={receipt} to={paths.receipt(receipt)} copy />
          </p>
          <ReplayPanel key={receipt} id={receipt} steps={steps} />
        </>
      )}
    </>
  )
}

/** Greedy, so that the same question has one answer. */
async function ask(asked: Question, signal: AbortSignal): Promise<Answer> {
  const { model, prompt, tokens } = asked
  const body = JSON.stringify({ model, prompt, max_tokens: tokens, temperature: 0, seed: 0 })
  const headers = { 'content-type': 'application/json' }
  const sinceMs = performance.now()
  const reply = await request('/v1/completions', { method: 'POST', headers, body, signal })
  type Reply = {
    readonly choices: readonly { readonly text: string }[]
    readonly usage: { readonly completion_tokens: number }
  }
  const { choices, usage } = (await reply.json()) as Reply
  return {
    text: choices[0]?.text ?? '',
    receipt: reply.headers.get('x-heddle-receipt') ?? '',
    steps: usage.completion_tokens,
    tookMs: performance.now() - sinceMs,
  }
}
