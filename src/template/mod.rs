//! Typed context to text: the templates, and what makes a value harmless where it lands.
//!
//! A template's tags are `[% %]`, its values `[= =]` and its comments `[# #]`, so that GitHub's
//! `${{ }}`, GitLab's `$[[ ]]`, Helm's `{{ }}` and a shell's `[[ ]]` pass through. The file's name
//! decides how values are written (`name.yml.j2` makes YAML scalars), its folder which texts the
//! platform would read as an expression even in quotes. What a context does not have is an error.

mod escape;
pub mod first_config;
pub mod first_fleet;
pub mod fleet_status;
pub mod github_image_pipeline;
pub mod github_workflow;
pub mod gitlab_ci;
pub mod gitlab_components;
pub mod gitlab_image_pipeline;
pub mod kubernetes_policies;
pub mod openshell_policy;
pub mod renovate;
pub mod runner;

#[cfg(test)]
mod tests;

use std::cell::RefCell;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use serde::Serialize;

use escape::Landing;

/// One embedded template.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its path below `templates/`, which ends in `.j2`.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
    /// Counts its changes: files in the field are told by it that a newer text exists. A test of
    /// the generators holds the text that goes with each number.
    pub revision: u32,
}

/// A value that could not be written where a template wants it, or a mistake in the template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No way of writing it keeps it a value.
    #[error("{reason}: `{value}`")]
    Value {
        /// The value, shortened.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The template does not fit its context: a mistake of ours.
    #[error("the template {name} is broken")]
    Broken {
        /// Which template.
        name: &'static str,
        /// What the engine says.
        source: Box<minijinja::Error>,
    },
}

/// What a template is filled with.
pub trait Context: Serialize {
    /// The template that it fills.
    const TEMPLATE: Template;
}

/// Fills the template of `context`.
pub fn render<C: Context>(context: &C) -> Result<String, TemplateError> {
    render_template(&C::TEMPLATE, context)
}

thread_local! {
    /// The templates that were filled, compiled: a fleet fills the same ones for each repository.
    static COMPILED: RefCell<Option<Environment<'static>>> = const { RefCell::new(None) };
}

fn render_template(template: &Template, context: &impl Serialize) -> Result<String, TemplateError> {
    let filled = COMPILED.with_borrow_mut(|compiled| {
        let environment = match compiled {
            Some(environment) => environment,
            None => compiled.insert(environment()?),
        };
        let known = environment.get_template(template.name);
        if known.is_ok_and(|it| it.source() == template.source) {
            return environment.get_template(template.name)?.render(context);
        }
        environment.add_template(template.name, template.source)?;
        environment.get_template(template.name)?.render(context)
    });
    filled.map_err(|error| broken(template.name, error))
}

/// The error that a value caused, else the template's own.
fn broken(name: &'static str, error: minijinja::Error) -> TemplateError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<escape::Refused>() {
            return TemplateError::Value {
                value: refused.shown(),
                reason: refused.reason.to_owned(),
            };
        }
        cause = current.source();
    }
    TemplateError::Broken {
        name,
        source: Box::new(error),
    }
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let syntax = SyntaxConfig::builder()
        .block_delimiters("[%", "%]")
        .variable_delimiters("[=", "=]")
        .comment_delimiters("[#", "#]")
        .build()?;
    let mut environment = Environment::new();
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_keep_trailing_newline(true);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment
        .set_auto_escape_callback(|name| AutoEscape::Custom(Landing::of_template(name).name()));
    environment.set_formatter(escape::format);
    environment.add_filter("sh", escape::sh);
    environment.add_filter("word", escape::word);
    environment.add_filter("expr", escape::expr);
    environment.add_filter("line", escape::line);
    Ok(environment)
}
