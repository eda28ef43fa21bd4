import type { Client } from '@heddle/sdk'
import { findSubject } from '@heddle/sdk/console'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useLive } from '../api/live.ts'
import { Failure } from '../components/state.tsx'
import { ConsoleLine } from './console-line.tsx'
import { openHistory } from './history.ts'
import { openScreen, type Screen } from './screen.ts'
import { createSession, type Session } from './session.ts'

type ConsoleProps = { readonly client: Client; readonly processId: string }

/** A console with one process, signed by the client's key. */
export function Console({ client, processId }: ConsoleProps) {
  const place = useRef<HTMLDivElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const screen = useRef<Screen>(undefined)
  const gone = useRef(new AbortController())
  const running = useRef(new AbortController())
  const [session, setSession] = useState<Session>()
  const [error, setError] = useState<Error>()
  const [prompt, setPrompt] = useState('')
  const [isBusy, setBusy] = useState(false)
  const history = useMemo(() => openHistory(localStorage), [])

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const end = new AbortController()
    gone.current = end
    const opened = openScreen(element)
    screen.current = opened
    const pickSource = () => pickFile(picker.current)
    findSubject(client, processId)
      .then(async (subject) => {
        const made = createSession({ client, subject, screen: opened, pickSource })
        await made.showNew(end.signal)
        if (end.signal.aborted) return
        opened.print(`\x1b[90m${subject.language}, signed by ${client.address}\x1b[0m`)
        setPrompt(made.prompt)
        setSession(made)
      })
      .catch((fault: unknown) => {
        if (!end.signal.aborted) setError(fault instanceof Error ? fault : new Error(String(fault)))
      })
    return () => {
      end.abort()
      running.current.abort()
      opened.close()
    }
  }, [client, processId])

  useLive({ onSlots: () => void session?.showNew(gone.current.signal) }, processId)

  const run = async (line: string) => {
    if (session === undefined) return
    running.current = new AbortController()
    setBusy(true)
    await session.run(line, running.current.signal)
    setBusy(false)
    setPrompt(session.prompt)
    void session.showNew(gone.current.signal)
  }

  const complete = async (before: string): Promise<string> => {
    if (session === undefined) return ''
    const { rest, names } = await session.complete(before)
    if (rest === '' && names.length > 1) screen.current?.print(`\x1b[90m${names.join('  ')}\x1b[0m`)
    return rest
  }

  return (
    <div class="console">
      {error !== undefined && <Failure error={error} />}
      <div class="console-screen" ref={place} />
      <ConsoleLine
        prompt={prompt || '…'}
        language={session?.subject.language ?? 'javascript'}
        history={history}
        isBusy={isBusy || session === undefined}
        run={(line) => void run(line)}
        stop={() => running.current.abort()}
        clear={() => screen.current?.clear()}
        complete={complete}
      />
      <input
        type="file"
        hidden
        ref={picker}
        aria-label="Source to load"
        accept=".ts,.js,.lua,.mjs,.txt"
      />
    </div>
  )
}

/** Text of a file the reader chooses; undefined where none was. */
function pickFile(input: HTMLInputElement | null): Promise<string | undefined> {
  if (input === null) return Promise.resolve(undefined)
  input.value = ''
  return new Promise((resolve) => {
    input.onchange = () => resolve(input.files?.[0]?.text())
    input.oncancel = () => resolve(undefined)
    input.click()
  })
}
