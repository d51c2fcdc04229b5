import { type PathReason, placeText, type TriedPath } from '../../../app/contract/index.ts';
import { goSettings } from '../../actions/go.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';

/** Which way connections take to the agent, what else was tried, and what came of it. */
export function PathPart({ reason }: { readonly reason: PathReason }) {
  const say = useWords();
  const format = useFormat();
  const run = useRunAction();
  const { chosen, candidate, roundTripMicroseconds, mtu, tried, nodeUnread } = reason;
  return (
    <Section
      title={say('home.pathTitle')}
      hint={say('home.pathHint')}
      actions={
        <Button size="small" icon={goSettings.icon} onClick={() => run(goSettings)}>
          {say('home.pathSettings')}
        </Button>
      }
    >
      <Facts label={say('home.pathTitle')}>
        <Fact name={say('home.pathNow')}>
          {candidate === null ? (
            say('home.path.apiserver')
          ) : (
            <>
              {say(`state.place.${candidate.kind}`)} <ForeignText text={placeText(candidate)} kind="code" />
              {roundTripMicroseconds > 0 ? format.microseconds(roundTripMicroseconds) : null}
            </>
          )}
        </Fact>
        {mtu > 0 ? <Fact name={say('home.pathPacket')}>{say('home.pathBytes', { count: mtu })}</Fact> : null}
        <Fact name={say('home.pathChosen')}>{say(`settings.direct.${chosen}`)}</Fact>
        {tried.map((one) => (
          <Tried key={`${one.kind} ${placeText(one)}`} tried={one} />
        ))}
      </Facts>
      {nodeUnread ? <p>{say('home.pathNodeUnread')}</p> : null}
      {tried.length === 0 ? <p>{say(chosen === 'off' ? 'home.pathOff' : 'home.pathNone')}</p> : null}
    </Section>
  );
}

function Tried({ tried }: { readonly tried: TriedPath }) {
  const say = useWords();
  return (
    <Fact name={say(`state.place.${tried.kind}`)}>
      <ForeignText text={placeText(tried)} kind="code" /> {say(`state.outcome.${tried.outcome}`)}
      {tried.detail === '' ? null : <ForeignText text={tried.detail} bound={200} />}
    </Fact>
  );
}
