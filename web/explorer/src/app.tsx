import { GraphiQL } from 'graphiql';
import { FanoutPanel } from './fanout/fanout-panel.tsx';
import { fetcher } from './fetcher.ts';
import { Header } from './header.tsx';
import { Notices } from './notices.tsx';
import { OperationTabs } from './operation-tabs.tsx';
import { operations } from './operations.ts';
import { Splitter, useDockPercent } from './parts/splitter.tsx';
import { XrayPanel } from './xray/xray-panel.tsx';

/** The whole page: editors above, what happened behind the answer below. */
export function App() {
  const dockPercent = useDockPercent();
  return (
    <div className="app" style={{ '--dock-percent': `${dockPercent}%` }}>
      <Header />
      <Notices />
      <main className="editors" aria-label="Editors">
        <GraphiQL fetcher={fetcher} defaultTabs={operations} defaultEditorToolsVisibility="variables">
          <GraphiQL.Logo>
            <OperationTabs />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
      <Splitter />
      <div className="dock">
        <XrayPanel />
        <FanoutPanel />
      </div>
    </div>
  );
}
