/** Given and family names that go together, by region; "|" stands between them. Only letters that decompose to ASCII. */
export const namesByRegion = [
  'Amelia Oliver Isla Harry Freya George Poppy Arthur|Taylor Walker Hughes Bennett Clarke Fletcher Ward Hayes',
  'Camille Léa Hugo Élodie Théo Manon Lucas Chloé|Moreau Lefèvre Girard Fournier Dubois Mercier Blanc Rousseau',
  'Hannah Lukas Greta Jürgen Annika Felix Jana Moritz|Schneider Fischer Köhler Vogel Krüger Hartmann Lange Brandt',
  'Lucía Javier Carmen Álvaro Inés Diego Marta Pablo|García Navarro Ortega Molina Serrano Iglesias Rubio Vidal',
  'Giulia Matteo Chiara Lorenzo Elena Davide Sofia Marco|Ricci Conti Moretti Esposito Gallo Ferrara Greco Rinaldi',
  'Zofia Jakub Maja Antoni Hanna Szymon Lena Tomasz|Nowak Kowalska Lewandowska Zielinska Wójcik Kaczmarek Mazur Król',
  'Ingrid Lars Astrid Erik Linnea Anders Saga Nils|Lindqvist Johansson Bergström Dahl Ekström Nyman Sandberg Holm',
  'Eleni Nikos Katerina Giorgos Despina Yannis Anna Kostas|Papadopoulos Vlahos Nikolaidis Economou Dimas Pappas Kontos Samaras',
  'Olena Taras Iryna Bohdan Oksana Andriy Solomiia Mykola|Shevchenko Kovalenko Bondarenko Tkachenko Marchenko Lysenko Moroz Kravets',
  'Elif Mehmet Zeynep Emre Ayşe Burak Defne Kerem|Yilmaz Demir Kaya Çelik Aydin Arslan Öztürk Polat',
  'Leila Omar Salma Youssef Nour Karim Amina Tariq|Haddad Mansour Khalil Nasser Farouk Saleh Aziz Hamdan',
  'Shirin Reza Parisa Arash Niloufar Kian Yasmin Babak|Ahmadi Rostami Karimi Hosseini Moradi Jafari Tehrani Azizi',
  'Noa Eitan Tamar Yonatan Maya Avi Shira Daniel|Cohen Levi Mizrahi Peretz Biton Azulay Friedman Katz',
  'Ngozi Chinedu Adaeze Emeka Folake Tunde Amara Babatunde|Okafor Adeyemi Eze Balogun Nwosu Okonkwo Afolabi Bello',
  'Wanjiru Kamau Achieng Otieno Njeri Mwangi Akinyi Kiprop|Kariuki Odhiambo Mutua Wekesa Njoroge Cheruiyot Ochieng Kimani',
  'Thandiwe Sipho Nomsa Themba Lerato Bongani Zanele Kagiso|Dlamini Nkosi Khumalo Mokoena Ndlovu Mthembu Molefe Zulu',
  'Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay|Sharma Patel Iyer Banerjee Reddy Nair Kulkarni Gupta',
  'Ayesha Bilal Fatima Hamza Sana Imran Zara Usman|Khan Malik Siddiqui Qureshi Chaudhry Raza Butt Sheikh',
  'Mei Wei Xiulan Jun Lihua Hao Yan Ming|Chen Wang Zhang Liu Huang Zhao Lin Xu',
  'Yuki Haruto Sakura Ren Aoi Kenji Hina Daiki|Tanaka Suzuki Watanabe Nakamura Kobayashi Yamamoto Mori Ishikawa',
  'Ji-woo Min-jun Seo-yeon Do-yun Ha-eun Hyun-woo Su-bin Tae-yang|Kim Park Choi Jung Kang Yoon Lim Shin',
  'Linh Minh Thao Quang Huong Tuan Mai Duc|Nguyen Tran Pham Hoang Vu Dang Bui Ngo',
  'Putri Budi Dewi Agus Sari Rizky Ayu Wahyu|Santoso Wijaya Pratama Hidayat Kusuma Siregar Lestari Nugroho',
  'Camila Mateo Valentina Santiago Isabela Thiago Luana Rafael|Silva Rojas Fernández Souza Castillo Gómez Pereira Quispe',
  'Aroha Tane Mere Wiremu Hana Rawiri Kiri Nikau|Ngata Parata Henare Tamihana Walker Kingi Rangi Waaka',
].map((line) => {
  const [given = '', family = ''] = line.split('|');
  return { given: given.split(' '), family: family.split(' ') };
});
