import type { ComponentChildren } from 'preact'

type PanelProps = {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  readonly class?: string
}

/** A part of a page with its own heading. */
export function Panel({ title, aside, children, class: extra = '' }: PanelProps) {
  return (
    <section class={`panel ${extra}`}>
      <header class="panel-head">
        <h2>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}

type HeadProps = {
  readonly kind: string
  readonly title: ComponentChildren
  readonly children?: ComponentChildren
  readonly actions?: ComponentChildren
}

/** What a page is about. */
export function PageHead({ kind, title, children, actions }: HeadProps) {
  return (
    <header class="page-head">
      <p class="page-kind">{kind}</p>
      <div class="page-title">
        <h1>{title}</h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </header>
  )
}

export type Fact = readonly [name: string, value: ComponentChildren]

/** Names and values, one pair a line. */
export function Facts({ facts }: { facts: readonly (Fact | undefined | false)[] }) {
  return (
    <dl class="facts">
      {facts.map((fact) =>
        fact ? (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>
}

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'accent'
