//! From words to a tree.

use std::ops::Range;

use super::{
    Expr, ExprKind, MAX_DEPTH, MAX_LENGTH, SyntaxError,
    lexer::{Token, TokenKind, words},
};

/// Parses the bytes `inside` of `text` as one expression.
pub(in crate::validate::github) fn parse(
    text: &str,
    inside: Range<usize>,
) -> Result<Expr<'_>, SyntaxError> {
    let length = text
        .get(inside.clone())
        .map_or(0, |text| text.chars().count());
    if length > MAX_LENGTH {
        return Err(SyntaxError {
            at: inside,
            message: format!("it has more than {MAX_LENGTH} characters"),
        });
    }
    let tokens = words(text.get(inside.clone()).unwrap_or_default(), inside.start)?;
    let mut parser = Parser {
        tokens,
        next: 0,
        end: inside.end,
        depth: 0,
    };
    if parser.tokens.is_empty() {
        return Err(SyntaxError {
            at: inside,
            message: "the expression is empty".to_owned(),
        });
    }
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("an operator")),
    }
}

struct Parser<'e> {
    tokens: Vec<Token<'e>>,
    next: usize,
    /// The byte after the expression's last.
    end: usize,
    depth: usize,
}

type Parsed<'e> = Result<Expr<'e>, SyntaxError>;

impl<'e> Parser<'e> {
    fn or(&mut self) -> Parsed<'e> {
        self.row("||", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Parsed<'e> {
        self.row("&&", Self::equality, ExprKind::And)
    }

    /// Operands in a row, with the operator `sign` between them.
    fn row(
        &mut self,
        sign: &'static str,
        operand: fn(&mut Self) -> Parsed<'e>,
        make: fn(Vec<Expr<'e>>) -> ExprKind<'e>,
    ) -> Parsed<'e> {
        let first = operand(self)?;
        if self.peek() != Some(&TokenKind::Sign(sign)) {
            return Ok(first);
        }
        let start = first.at.start;
        let mut end = first.at.end;
        let mut operands = vec![first];
        while self.take(sign).is_some() {
            let next = operand(self)?;
            end = next.at.end;
            operands.push(next);
        }
        Ok(Expr {
            at: start..end,
            kind: make(operands),
        })
    }

    fn equality(&mut self) -> Parsed<'e> {
        self.compared(&["==", "!="], Self::order)
    }

    fn order(&mut self) -> Parsed<'e> {
        self.compared(&["<", "<=", ">", ">="], Self::unary)
    }

    fn compared(&mut self, signs: &[&str], operand: fn(&mut Self) -> Parsed<'e>) -> Parsed<'e> {
        let mut left = operand(self)?;
        let mut links = 0;
        while signs.iter().any(|sign| self.take(sign).is_some()) {
            links += 1;
            self.bounded(links)?;
            let right = operand(self)?;
            left = Expr {
                at: left.at.start..right.at.end,
                kind: ExprKind::Compare(Box::new(left), Box::new(right)),
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<'e> {
        let Some(sign) = self.take("!") else {
            return self.postfix();
        };
        let operand = self.deeper(Self::unary)?;
        Ok(Expr {
            at: sign.start..operand.at.end,
            kind: ExprKind::Not(Box::new(operand)),
        })
    }

    fn postfix(&mut self) -> Parsed<'e> {
        let mut value = self.primary()?;
        if matches!(value.kind, ExprKind::Constant | ExprKind::Text(_)) {
            return Ok(value);
        }
        let mut links = 0;
        loop {
            links += 1;
            self.bounded(links)?;
            let start = value.at.start;
            if self.take(".").is_some() {
                let (kind, end) = self.field(value)?;
                value = Expr {
                    at: start..end,
                    kind,
                };
            } else if self.take("[").is_some() {
                let (kind, end) = self.index(value)?;
                value = Expr {
                    at: start..end,
                    kind,
                };
            } else {
                break;
            }
        }
        Ok(value)
    }

    fn field(&mut self, of: Expr<'e>) -> Result<(ExprKind<'e>, usize), SyntaxError> {
        if let Some(star) = self.take("*") {
            return Ok((ExprKind::Every(Box::new(of)), star.end));
        }
        let Some(Token {
            at,
            kind: TokenKind::Name(name),
        }) = self.tokens.get(self.next).cloned()
        else {
            return Err(self.unexpected("a name"));
        };
        self.next += 1;
        let end = at.end;
        Ok((ExprKind::Field(Box::new(of), name, at), end))
    }

    fn index(&mut self, of: Expr<'e>) -> Result<(ExprKind<'e>, usize), SyntaxError> {
        let of = Box::new(of);
        if self.take("*").is_some() {
            return Ok((ExprKind::Every(of), self.close("]")?));
        }
        let index = self.deeper(Self::or)?;
        Ok((ExprKind::Index(of, Box::new(index)), self.close("]")?))
    }

    fn primary(&mut self) -> Parsed<'e> {
        let Some(Token { at, kind }) = self.tokens.get(self.next).cloned() else {
            return Err(self.unexpected("a value"));
        };
        let kind = match kind {
            TokenKind::Constant => ExprKind::Constant,
            TokenKind::Text(text) => ExprKind::Text(text),
            TokenKind::Sign("(") => {
                self.next += 1;
                let inner = self.deeper(Self::or)?;
                let end = self.close(")")?;
                return Ok(Expr {
                    at: at.start..end,
                    kind: inner.kind,
                });
            }
            TokenKind::Sign(_) => return Err(self.unexpected("a value")),
            TokenKind::Name(name) => {
                self.next += 1;
                return self.named(name, at);
            }
        };
        self.next += 1;
        Ok(Expr { at, kind })
    }

    fn named(&mut self, name: &'e str, at: Range<usize>) -> Parsed<'e> {
        if self.take("(").is_none() {
            return Ok(Expr {
                at,
                kind: ExprKind::Context(name),
            });
        }
        let mut arguments = Vec::new();
        if self.peek() != Some(&TokenKind::Sign(")")) {
            arguments.push(self.deeper(Self::or)?);
            while self.take(",").is_some() {
                arguments.push(self.deeper(Self::or)?);
            }
        }
        let end = self.close(")")?;
        Ok(Expr {
            at: at.start..end,
            kind: ExprKind::Call(name, at, arguments),
        })
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Parsed<'e>) -> Parsed<'e> {
        self.depth += 1;
        self.bounded(self.depth)?;
        let parsed = read(self);
        self.depth -= 1;
        parsed
    }

    fn bounded(&self, depth: usize) -> Result<(), SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError {
                at: self.here(),
                message: format!("nested more than {MAX_DEPTH} levels deep, which GitHub refuses"),
            });
        }
        Ok(())
    }

    fn peek(&self) -> Option<&TokenKind<'e>> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    /// Passes `sign` if it is next, and tells its bytes.
    fn take(&mut self, sign: &str) -> Option<Range<usize>> {
        let token = self.tokens.get(self.next)?;
        let taken = matches!(token.kind, TokenKind::Sign(next) if next == sign);
        taken.then(|| {
            self.next += 1;
            token.at.clone()
        })
    }

    /// Passes the bracket `sign`, and tells the byte after it.
    fn close(&mut self, sign: &'static str) -> Result<usize, SyntaxError> {
        match self.take(sign) {
            Some(at) => Ok(at.end),
            None => Err(self.unexpected(&format!("`{sign}`"))),
        }
    }

    fn here(&self) -> Range<usize> {
        match self.tokens.get(self.next) {
            Some(token) => token.at.clone(),
            None => self.end..self.end,
        }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.peek() {
            None => format!("the expression ends where {wanted} is missing"),
            Some(TokenKind::Sign(sign)) => format!("`{sign}` stands where {wanted} is expected"),
            Some(TokenKind::Name(name)) => {
                let name: String = name.chars().take(40).collect();
                format!("`{name}` stands where {wanted} is expected")
            }
            Some(TokenKind::Constant | TokenKind::Text(_)) => {
                format!("a value stands where {wanted} is expected")
            }
        };
        SyntaxError {
            at: self.here(),
            message,
        }
    }
}
