import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style/base.css';
import './style/graphiql.css';
import './style/layout.css';
import './style/login.css';
import './style/plan.css';
import './style/waterfall.css';
import './style/statement.css';
import './style/xray.css';
import './style/fanout.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
