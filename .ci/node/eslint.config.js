import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['**/vendor/', '**/node_modules/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: globals.nodeBuiltin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-unused-vars': ['error', { args: 'after-used' }],
      'require-atomic-updates': 'error',
      'no-promise-executor-return': 'error',
    },
  },
];
