"""The words of the simulated interface: Russian in the templates, and what they are for people at Kommo."""

from typing import Final

LANGUAGES: Final = ("ru", "en", "es", "pt")
_OTHERS: Final = LANGUAGES[1:]

_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "симулятор": ("simulator", "simulador", "simulador"),
    "Аккаунты": ("Accounts", "Cuentas", "Contas"),
    "К аккаунтам": ("To the accounts", "A las cuentas", "Às contas"),
    "Пока ни одного.": ("None yet.", "Todavía ninguno.", "Nenhum ainda."),
    "сделок": ("leads", "leads", "leads"),
    "Сделки": ("Leads", "Leads", "Leads"),
    "Сделок нет.": ("No leads.", "No hay leads.", "Nenhum lead."),
    "без контактов": ("no contacts", "sin contactos", "sem contatos"),
    "Интеграции": ("Integrations", "Integraciones", "Integrações"),
    "Воронка": ("Pipeline", "Embudo", "Funil"),
    "Что происходит само, когда сделка приходит на этап.": (
        "What happens by itself when a lead comes to a stage.",
        "Lo que ocurre solo cuando un lead llega a una etapa.",
        "O que acontece sozinho quando um lead chega a uma etapa.",
    ),
    "Убрать": ("Remove", "Quitar", "Remover"),
    "Добавить действие": ("Add an action", "Añadir una acción", "Adicionar uma ação"),
    "Добавить": ("Add", "Añadir", "Adicionar"),
    "Нет виджетов, которые умеют это.": (
        "No widget can do this.",
        "Ningún widget sabe hacerlo.",
        "Nenhum widget sabe fazer isto.",
    ),
    "Бот": ("Bot", "Bot", "Bot"),
    "Запустить бота": ("Start the bot", "Iniciar el bot", "Iniciar o bot"),
    "Запущен бот": ("Bot started", "Bot iniciado", "Bot iniciado"),
    "Боты": ("Bots", "Bots", "Bots"),
    "Бюджет": ("Sale", "Presupuesto", "Valor"),
    "Сервер компании": ("The company's server", "El servidor de la empresa", "O servidor da empresa"),
    "Что ему сообщили, новое сверху. Обновите страницу, чтобы увидеть ещё.": (
        "What it was told, the newest first. Reload the page to see more.",
        "Lo que se le ha avisado, lo más nuevo primero. Recargue la página para ver más.",
        "O que lhe foi avisado, o mais novo primeiro. Recarregue a página para ver mais.",
    ),
    "Пока ничего.": ("Nothing yet.", "Nada todavía.", "Nada ainda."),
    "Этап": ("Stage", "Etapa", "Etapa"),
    "Ответственный": ("Responsible user", "Responsable", "Responsável"),
    "Контактов нет.": ("No contacts.", "Sin contactos.", "Sem contatos."),
    "Товары": ("Products", "Productos", "Produtos"),
    "Товаров нет.": ("No products.", "Sin productos.", "Sem produtos."),
    "Лента": ("Feed", "Historial", "Histórico"),
    "Примечаний пока нет.": ("No notes yet.", "Todavía no hay notas.", "Nenhuma nota ainda."),
    "Виджет": ("Widget", "Widget", "Widget"),
    "Виджет не загрузился": ("The widget did not load", "El widget no se cargó", "O widget não carregou"),
    "Доступ": ("Access", "Acceso", "Acesso"),
    "Разрешить доступ?": ("Allow access?", "¿Permitir el acceso?", "Permitir o acesso?"),
    "просит доступ к данным аккаунта. Ответ получит": (
        "asks for access to the account's data. The answer goes to",
        "pide acceso a los datos de la cuenta. La respuesta la recibe",
        "pede acesso aos dados da conta. A resposta vai para",
    ),
    "Аккаунт": ("Account", "Cuenta", "Conta"),
    "Разрешить": ("Allow", "Permitir", "Permitir"),
    "Отказать": ("Deny", "Denegar", "Negar"),
    "ID интеграции": ("Integration ID", "ID de la integración", "ID da integração"),
    "Секретный ключ": ("Secret key", "Clave secreta", "Chave secreta"),
    "Отключить в этом аккаунте": ("Disable in this account", "Desactivar en esta cuenta", "Desativar nesta conta"),
    "Пока ни одной.": ("None yet.", "Todavía ninguna.", "Nenhuma ainda."),
    "Новая внешняя интеграция": ("New external integration", "Nueva integración externa", "Nova integração externa"),
    "Название": ("Name", "Nombre", "Nome"),
    "Новая интеграция": ("New integration", "Nueva integración", "Nova integração"),
    "Создать интеграцию?": ("Create the integration?", "¿Crear la integración?", "Criar a integração?"),
    "Её создаст сама amoCRM; ID и ключ получит": (
        "amoCRM makes it by itself; its ID and key go to",
        "La crea Kommo; su ID y su clave los recibe",
        "O Kommo a cria; o ID e a chave vão para",
    ),
    "Создать и разрешить": ("Create and allow", "Crear y permitir", "Criar e permitir"),
    "Создать": ("Create", "Crear", "Criar"),
}


def said(text: str, language: str) -> str:
    """The Russian text in the language."""
    return text if language not in _OTHERS else _WORDS[text][_OTHERS.index(language)]
