import { useState } from 'preact/hooks'
import { useAction } from '../act/use-action.ts'
import { useLoad } from '../api/load.ts'
import { getJson, request } from '../api/request.ts'
import { Data } from '../components/code.tsx'
import { Id } from '../components/id.tsx'
import { Badge, PageHead, Panel } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { formatBytes, formatCount, formatDuration } from '../format.ts'
import { paths } from '../paths.ts'
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
  readonly digest: string
  readonly tookMs: number
  readonly asked: Question
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
          <Panel title={`${formatCount(value.length)} models`}>
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
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Item</th>
          <th scope="col">Weights</th>
          <th scope="col" class="number">
            Size
          </th>
          <th scope="col" class="number">
            Context
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map(({ id, heddle }) => (
          <tr key={id}>
            <td>{id}</td>
            <td>{heddle && <Id id={heddle.item} to={paths.item(heddle.item)} copy />}</td>
            <td>{heddle && `${heddle.format}, ${heddle.precision}`}</td>
            <td class="number">{heddle && formatBytes(heddle.sizeBytes)}</td>
            <td class="number">{heddle && formatCount(heddle.context)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Ask({ models }: { models: readonly Model[] }) {
  const [model, setModel] = useState(models[0]?.id ?? '')
  const [prompt, setPrompt] = useState('')
  const asking = useAction<Answer>()
  const replaying = useAction<Answer>()
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
        <label class="field">
          <span>Prompt</span>
          <textarea
            rows={3}
            value={prompt}
            onInput={(event) => setPrompt(event.currentTarget.value)}
          />
        </label>
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
        {asking.value !== undefined && (
          <Answered
            answer={asking.value}
            again={replaying.value}
            isBusy={replaying.isBusy}
            onReplay={(asked) => replaying.run((signal) => ask(asked, signal))}
          />
        )}
        {replaying.error !== undefined && <Failure error={replaying.error} />}
      </div>
    </Panel>
  )
}

type AnsweredProps = {
  readonly answer: Answer
  readonly again: Answer | undefined
  readonly isBusy: boolean
  onReplay(asked: Question): void
}

/** An answer and its receipt; a replay must give the same text. */
function Answered({ answer, again, isBusy, onReplay }: AnsweredProps) {
  const isSame = again !== undefined && again.text === answer.text
  return (
    <>
      <Data text={answer.text} label={`Answer, ${formatDuration(answer.tookMs)}`} />
      <p class="pad actions">
        {answer.receipt !== '' && (
          <>
            Receipt <Id id={answer.receipt} to={paths.item(answer.receipt)} copy />
          </>
        )}
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => onReplay(answer.asked)}
        >
          {isBusy ? 'Computing again …' : 'Replay'}
        </button>
        {again !== undefined && (
          <Badge tone={isSame ? 'good' : 'bad'}>
            {isSame ? 'the same, bit for bit' : 'it differs'}
          </Badge>
        )}
      </p>
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
  const { choices } = (await reply.json()) as { readonly choices: readonly { text: string }[] }
  return {
    text: choices[0]?.text ?? '',
    receipt: reply.headers.get('x-heddle-receipt') ?? '',
    digest: reply.headers.get('x-heddle-receipt-digest') ?? '',
    tookMs: performance.now() - sinceMs,
    asked,
  }
}
